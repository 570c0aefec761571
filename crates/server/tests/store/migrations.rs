//! Migrations run once, in order, whoever starts; what this program does not know is refused untouched.

use crate::bed::{Bed, MIGRATIONS, on_both_engines};
use campanile::store::db::{Batch, Db, DbError, Period, args};
use campanile::store::migrate::{self, Migration, Migrations, Step};
use futures_util::future::join_all;

on_both_engines!(
    pending_touches_nothing,
    processes_that_start_at_once,
    a_newer_schema_is_refused,
    another_schema_is_refused,
    a_failed_migration_keeps_nothing,
    events_migrations_reach_old_periods,
    the_products_schema_applies,
);

fn versions(steps: &[Step]) -> Vec<(&str, u32)> {
    steps
        .iter()
        .map(|step| (step.family.as_str(), step.version))
        .collect()
}

const ONE: Migrations = Migrations {
    core: MIGRATIONS.core.split_at(1).0,
    events: &[],
};

async fn pending_touches_nothing(bed: Bed) {
    let url = bed.url();
    for _ in 0..2 {
        let pending = migrate::pending(&url, MIGRATIONS).await.unwrap();
        let mut expected = vec![("core", 1), ("core", 2)];
        // On SQLite events migrations belong to the files, of which there is none.
        expected.extend((!bed.is_sqlite()).then_some(("events", 1)));
        assert_eq!(versions(&pending), expected);
        assert!(url.path().is_none_or(|folder| !folder.exists()));
    }
    assert_eq!(versions(&migrate::apply(&url, ONE).await.unwrap()), [("core", 1)]);
    let pending = migrate::pending(&url, MIGRATIONS).await.unwrap();
    assert_eq!((pending[0].version, pending[0].name), (2, "jobs"));
    migrate::apply(&url, MIGRATIONS).await.unwrap();
    assert_eq!(migrate::pending(&url, MIGRATIONS).await.unwrap(), []);
    assert_eq!(migrate::apply(&url, MIGRATIONS).await.unwrap(), []);
}

async fn processes_that_start_at_once(bed: Bed) {
    let url = bed.url();
    let applied = join_all((0..6).map(|_| migrate::apply(&url, MIGRATIONS))).await;
    let runs: usize = applied.into_iter().map(|steps| steps.unwrap().len()).sum();
    assert_eq!(
        runs,
        if bed.is_sqlite() { 2 } else { 3 },
        "each migration runs once"
    );
    let opened = join_all((0..4).map(|_| Db::open(&url, MIGRATIONS))).await;
    for db in opened {
        db.unwrap().health().await.unwrap();
    }
}

async fn a_newer_schema_is_refused(bed: Bed) {
    let db = bed.open().await;
    let mut batch = Batch::new("data");
    batch.run("-- data\nINSERT INTO things (id) VALUES (1)", args![]);
    db.write(batch).await.unwrap();
    db.close().await;
    let error = Db::open(&bed.url(), ONE).await.unwrap_err();
    assert!(
        matches!(
            error,
            DbError::NewerSchema {
                found: 2,
                known: 1,
                ..
            }
        ),
        "{error}"
    );
    let text = "the core schema is at version 2 and this program knows 1";
    assert!(error.to_string().starts_with(text), "{error}");
    assert!(migrate::pending(&bed.url(), ONE).await.is_err());
    // Whoever knows it finds everything as it was.
    assert_eq!(
        bed.open()
            .await
            .query("-- data\nSELECT id FROM things", args![])
            .await
            .unwrap()
            .len(),
        1
    );
}

async fn another_schema_is_refused(bed: Bed) {
    const OTHER: Migrations = Migrations {
        core: &[(1, "toys", "SELECT 1"), (2, "jobs", "SELECT 1")],
        events: &[],
    };
    bed.open().await.close().await;
    let error = Db::open(&bed.url(), OTHER).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "core migration 1 ran as things and this program knows it as toys"
    );
}

async fn a_failed_migration_keeps_nothing(bed: Bed) {
    const BROKEN: Migrations = Migrations {
        core: &[
            (1, "fine", "CREATE TABLE fine (id {bigint} NOT NULL PRIMARY KEY)"),
            (
                2,
                "broken",
                "CREATE TABLE half (id {bigint} NOT NULL PRIMARY KEY); CREATE TABLE fine (id {bigint})",
            ),
        ],
        events: &[],
    };
    const REPAIRED: Migrations = Migrations {
        core: &[BROKEN.core[0], (2, "repaired", "CREATE TABLE half (id {bigint})")],
        events: &[],
    };
    let error = Db::open(&bed.url(), BROKEN).await.unwrap_err();
    assert!(
        matches!(
            error,
            DbError::Migration {
                version: 2,
                name: "broken",
                ..
            }
        ),
        "{error}"
    );
    let db = bed.open_with(REPAIRED).await;
    assert_eq!(
        db.query("-- half\nSELECT id FROM half", args![])
            .await
            .unwrap()
            .len(),
        0
    );
}

async fn events_migrations_reach_old_periods(bed: Bed) {
    const LATER: &[Migration] = &[
        MIGRATIONS.events[0],
        (
            2,
            "place",
            "ALTER TABLE events ADD COLUMN place {text}; CREATE INDEX events_place ON events (place)",
        ),
    ];
    let insert = "-- event\nINSERT INTO events (period, id, at, name) VALUES ($1, $2, 1, 'old')";
    let later = Migrations {
        events: LATER,
        ..MIGRATIONS
    };
    let db = bed.open().await;
    let mut batch = Batch::new("old");
    batch.run_in(Period(2_900), insert, args![b"old"]);
    batch.run_in(Period(2_901), insert, args![b"old"]);
    db.write(batch).await.unwrap();
    db.close().await;

    let pending = migrate::pending(&bed.url(), later).await.unwrap();
    let files = [("events-2025W32.db", 2), ("events-2025W33.db", 2)];
    assert_eq!(
        versions(&pending),
        if bed.is_sqlite() {
            &files[..]
        } else {
            &[("events", 2)][..]
        }
    );

    let db = bed.open_with(later).await;
    let insert =
        "-- event\nINSERT INTO events (period, id, at, name, place) VALUES ($1, $2, 1, 'new', 'here')";
    let mut batch = Batch::new("new");
    batch.run_in(Period(2_900), insert, args![b"new"]);
    batch.run_in(Period(2_902), insert, args![b"new"]);
    db.write(batch).await.unwrap();
    let places = "-- places\nSELECT place FROM events WHERE period = $1 ORDER BY name";
    let rows = db.query_events(.., places, args![]).await.unwrap();
    let places: Vec<Option<&str>> = rows.iter().map(|row| row.opt_text(0).unwrap()).collect();
    assert_eq!(places, [Some("here"), None, Some("here"), None]);
}

async fn the_products_schema_applies(bed: Bed) {
    let db = bed.open_with(migrate::MIGRATIONS).await;
    db.health().await.unwrap();
    assert_eq!(
        migrate::pending(&bed.url(), migrate::MIGRATIONS).await.unwrap(),
        []
    );
}
