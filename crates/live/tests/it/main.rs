//! The running system on a store of its own, at instants that the tests choose.

mod damaged;
mod desk;
mod dossiers;
mod house;
mod inbox;
mod messages;
mod models;
mod money;
mod power;
mod stages;
mod straight;
mod time;
