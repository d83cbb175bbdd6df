"""The email service, which sends the daily summary to its subscribers."""

from collections.abc import Mapping
from http import HTTPStatus

from anyio import fail_after

from core.errors import logger
from core.settings import EmailService

PORT = 3010
PATH = "/fpp-daily-analytics"
SECONDS = 30.0


class EmailServiceError(Exception):
    """The summary was not accepted; the message gives the cause and what to check."""


async def send(
    service: EmailService | None,
    summary: Mapping[str, object],
    seconds: float = SECONDS,
) -> None:
    """Post the summary; without a configured service, log that it is not sent.

    Raises EmailServiceError unless the service answers 200 in time.
    """
    if service is None:
        logger.info("The daily summary is not emailed: BEA_BASE_URL is not set.")
        return
    status = await _post(service, summary, seconds)
    if status != HTTPStatus.OK:
        raise EmailServiceError(
            f"The email service answered {status}. The summary was not sent. Compare "
            "BEA_SECRET_KEY with the service's, and see its log."
        )
    logger.info("The email service accepted the daily summary.")


async def _post(
    service: EmailService, summary: Mapping[str, object], seconds: float
) -> int:
    """Return the status of the response; its body is not read."""
    # Loading it takes a twentieth of the start, and few starts send an email.
    import httpx

    headers = {"Authorization": f"Bearer {service.key.reveal()}"}
    try:
        url = httpx.URL(scheme="http", host=service.host, port=PORT, path=PATH)
        with fail_after(seconds):
            async with (
                # No proxy from the environment: the service is a neighbour.
                httpx.AsyncClient(timeout=seconds, trust_env=False) as client,
                client.stream("POST", url, json=summary, headers=headers) as response,
            ):
                return response.status_code
    except TimeoutError:
        raise EmailServiceError(
            f"The email service did not answer within {seconds:g} s. The summary may "
            "or may not have been sent. See the service's log."
        ) from None
    # The last one: a host name that no address can have.
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise EmailServiceError(
            f"The email service cannot be reached ({type(error).__name__}). The "
            "summary was not sent. Check BEA_BASE_URL and that the service runs."
        ) from error
