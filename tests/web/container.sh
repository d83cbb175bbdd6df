#!/bin/sh
# Runs a command as compose.yaml lets a container run, with the tools of the kernel:
# a file system of its own that is read-only, volumes mounted as said, another user, no
# capabilities. It is started in the namespaces that the command lives in.
#
#   container.sh ROOT SYSTEM APP PYTHON [FOLDER:PATH:ro|rw …] -- COMMAND…
#
# SYSTEM is an image's file system; with "/" it is made of this machine's programs, and
# APP and PYTHON are mounted there.
set -eu
# As an engine has it: the user inside opens folders that this script makes.
umask 022
root=$1 system=$2 app=$3 python=$4
shift 4

bind() { # bind FROM TO ro|rw
    mount --bind "$1" "$2"
    mount -o "remount,bind,nosuid,$3" "$2"
}

if [ "$system" = / ]; then
    mount -t tmpfs -o mode=755 root "$root"
    for name in bin sbin lib lib64 usr etc; do
        if [ -L "/$name" ]; then
            cp -P "/$name" "$root/$name"
        elif [ -d "/$name" ]; then
            mkdir "$root/$name" && bind "/$name" "$root/$name" ro
        fi
    done
    mkdir -p "$root$python" "$root/app" "$root/data" "$root/state" "$root/tmp" \
        "$root/proc" "$root/dev"
    bind "$python" "$root$python" ro
    bind "$app" "$root/app" ro
else
    mount --bind "$system" "$root"
    mount -t tmpfs dev "$root/dev"
fi
while [ "$1" != -- ]; do
    folder=${1%%:*} path=${1#*:}
    bind "$folder" "$root${path%:*}" "${path#*:}"
    shift
done
shift
mount -t tmpfs -o mode=1777,noexec,nosuid,nodev,size=64m tmp "$root/tmp"
mount -t proc proc "$root/proc"
for name in null zero random urandom; do
    : >"$root/dev/$name" && mount --bind "/dev/$name" "$root/dev/$name"
done
mount -o remount,bind,ro "$root"

exec chroot "$root" setpriv --reuid=10001 --regid=10001 --clear-groups \
    --bounding-set=-all --inh-caps=-all --no-new-privs env --chdir=/app "$@"
