-- Name of the client that made the call; null where it came by a trunk.
alter table calls add column client text;
