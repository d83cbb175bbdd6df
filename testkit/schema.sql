CREATE TABLE fpp_users (
  id varchar(21) NOT NULL PRIMARY KEY,
  device varchar(50) NULL,
  os varchar(50) NULL,
  browser varchar(50) NULL,
  country varchar(5) NULL,
  region varchar(100) NULL,
  city varchar(100) NULL,
  created_at timestamp NOT NULL DEFAULT current_timestamp()
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;

CREATE TABLE fpp_rooms (
  id int NOT NULL AUTO_INCREMENT PRIMARY KEY,
  number mediumint NOT NULL UNIQUE,
  name varchar(15) NOT NULL UNIQUE,
  first_used_at timestamp NOT NULL DEFAULT current_timestamp(),
  last_used_at timestamp NOT NULL DEFAULT current_timestamp()
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;

CREATE TABLE fpp_page_views (
  id int NOT NULL AUTO_INCREMENT PRIMARY KEY,
  user_id varchar(21) NOT NULL,
  route enum('HOME','CONTACT','IMPRINT','GUIDE','ROOM','ANALYTICS','ROADMAP') NOT NULL,
  room_id int NULL,
  source varchar(255) NULL,
  viewed_at timestamp NOT NULL DEFAULT current_timestamp()
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;

CREATE TABLE fpp_events (
  id int NOT NULL AUTO_INCREMENT PRIMARY KEY,
  user_id varchar(21) NOT NULL,
  event enum('CONTACT_FORM_SUBMISSION','ENTERED_RANDOM_ROOM','ENTERED_NEW_ROOM','ENTERED_EXISTING_ROOM','ENTERED_RECENT_ROOM','LEFT_ROOM','COPIED_ROOM_LINK','CHANGED_ROOM_NAME') NOT NULL,
  event_at timestamp NOT NULL DEFAULT current_timestamp()
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;

CREATE TABLE fpp_votes (
  id int NOT NULL AUTO_INCREMENT PRIMARY KEY,
  room_id int NOT NULL,
  avg_estimation decimal(4,2) NOT NULL,
  max_estimation smallint NOT NULL,
  min_estimation smallint NOT NULL,
  amount_of_estimations smallint NOT NULL,
  amount_of_spectators smallint NOT NULL,
  duration smallint NOT NULL,
  was_auto_flip boolean NOT NULL,
  voted_at timestamp NOT NULL DEFAULT current_timestamp()
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;

CREATE TABLE fpp_estimations (
  id int NOT NULL AUTO_INCREMENT PRIMARY KEY,
  user_id varchar(21) NOT NULL,
  room_id int NOT NULL,
  estimation smallint NULL,
  spectator boolean NOT NULL,
  estimated_at timestamp NOT NULL DEFAULT current_timestamp()
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;
