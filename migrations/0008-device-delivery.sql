-- How calls come to a device: by an INVITE to it, or it is told of them and calls in.
alter table devices add column calls_in boolean not null default false;
