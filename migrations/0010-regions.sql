-- By which region devices register.
-- Of the gateway that the REGISTER came through; null where that has none.
alter table bindings add column region text;

-- Of the last registration, which it outlives.
alter table devices add column region text;

-- For the devices of a region that is lost.
create index bindings_by_region on bindings (region) where region is not null;
