//! Event history by period: written with core in one batch, read newest first, dropped whole.

use crate::bed::{Bed, on_both_engines};
use campanile::store::db::{Batch, Db, Outcome, Period, args};
use futures_util::future::join_all;

on_both_engines!(
    events_are_read_newest_period_first,
    a_question_stops_when_it_has_enough,
    events_and_core_are_kept_together,
    a_replayed_event_counts_once,
    a_dropped_period_is_gone,
    a_dropped_period_can_come_back,
    many_periods_at_once,
    periods_survive_a_restart,
);

const WEEK: u32 = 2_968;
const INSERT: &str = "-- event\nINSERT INTO events (period, id, at, name) VALUES ($1, $2, $3, $4) \
                      ON CONFLICT (period, id) DO NOTHING";
const NAMES: &str = "-- names\nSELECT name FROM events WHERE period = $1 AND at >= $2 ORDER BY at DESC";
const COUNT: &str =
    "-- count\nINSERT INTO counts (name, n) VALUES ($1, 1) ON CONFLICT (name) DO UPDATE SET n = counts.n + 1";

fn event(batch: &mut Batch, period: u32, at: i64, name: &str) {
    batch.run_in(Period(period), INSERT, args![name.as_bytes(), at, name]);
}

async fn names(db: &Db, periods: impl std::ops::RangeBounds<Period>) -> Vec<String> {
    let rows = db.query_events(periods, NAMES, args![0]).await.unwrap();
    rows.iter().map(|row| row.text(0).unwrap().to_owned()).collect()
}

async fn counted(db: &Db) -> i64 {
    db.query("-- counted\nSELECT coalesce(sum(n), 0) FROM counts", args![])
        .await
        .unwrap()[0]
        .int(0)
        .unwrap()
}

/// Three weeks with two events each.
async fn three_weeks(db: &Db) {
    let mut batch = Batch::new("three weeks");
    for (period, name) in [(WEEK, "a"), (WEEK + 2, "c"), (WEEK + 1, "b")] {
        event(&mut batch, period, 1, &format!("{name}1"));
        event(&mut batch, period, 2, &format!("{name}2"));
    }
    db.write(batch).await.unwrap();
}

async fn events_are_read_newest_period_first(bed: Bed) {
    let db = bed.open().await;
    assert_eq!(db.periods().await.unwrap(), []);
    assert_eq!(names(&db, ..).await, [""; 0]);
    three_weeks(&db).await;
    assert_eq!(
        db.periods().await.unwrap(),
        [WEEK, WEEK + 1, WEEK + 2].map(Period)
    );
    assert_eq!(names(&db, ..).await, ["c2", "c1", "b2", "b1", "a2", "a1"]);
    assert_eq!(names(&db, ..Period(WEEK + 2)).await, ["b2", "b1", "a2", "a1"]);
    assert_eq!(
        names(&db, Period(WEEK + 1)..=Period(WEEK + 1)).await,
        ["b2", "b1"]
    );
    assert_eq!(names(&db, Period(WEEK + 9)..).await, [""; 0]);
    assert_eq!(names(&db, Period(WEEK + 9)..=Period(WEEK + 9)).await, [""; 0]);

    let mut batch = Batch::new("rename");
    let rename = "-- rename\nUPDATE events SET name = $3 WHERE period = $1 AND name = $2 RETURNING at";
    let at = batch.returning_in(Period(WEEK), rename, args!["a2", "a3"]);
    let rows = db.write(batch).await.unwrap().into_rows(at).unwrap();
    assert_eq!(rows[0].int(0).unwrap(), 2);
    assert_eq!(names(&db, ..=Period(WEEK)).await, ["a3", "a1"]);
}

async fn a_question_stops_when_it_has_enough(bed: Bed) {
    let db = bed.open().await;
    three_weeks(&db).await;
    for (enough, expected) in [(0, 0), (1, 2), (2, 2), (3, 4), (100, 6)] {
        let rows = db.query_events_until(.., NAMES, args![0], enough).await.unwrap();
        assert_eq!(rows.len(), expected, "enough = {enough}");
    }
}

async fn events_and_core_are_kept_together(bed: Bed) {
    let db = bed.open().await;
    let mut batch = Batch::new("both");
    event(&mut batch, WEEK, 1, "kept");
    batch.run(COUNT, args!["kept"]);
    assert!(matches!(db.write(batch).await.unwrap(), Outcome::Done { touched, .. } if touched == [1, 1]));

    let mut batch = Batch::new("fails");
    event(&mut batch, WEEK, 2, "failed");
    event(&mut batch, WEEK + 1, 2, "failed");
    batch.run(
        "-- fails\nINSERT INTO things (id, n) VALUES (1, 1), (1, 2)",
        args![],
    );
    db.write(batch).await.unwrap_err();

    let mut batch = Batch::new("conflicts");
    event(&mut batch, WEEK, 2, "conflicted");
    batch.expect("-- none\nUPDATE things SET n = 1", args![], 1);
    assert_eq!(db.write(batch).await.unwrap(), Outcome::Conflict { statement: 1 });

    assert_eq!(names(&db, ..).await, ["kept"]);
    assert_eq!(counted(&db).await, 1);
}

async fn a_replayed_event_counts_once(bed: Bed) {
    let db = bed.open().await;
    let request = || {
        let mut batch = Batch::new("request");
        for name in ["one", "two"] {
            batch.section();
            let guard = "-- take\nINSERT INTO taken (id) VALUES ($1) ON CONFLICT DO NOTHING";
            batch.stop_unless(guard, args![name.as_bytes()]);
            event(&mut batch, WEEK, 1, name);
            batch.run(COUNT, args![name]);
        }
        batch
    };
    // What a crash between the two commits leaves behind on SQLite: the event without its guard.
    let mut half = Batch::new("half");
    event(&mut half, WEEK, 1, "one");
    db.write(half).await.unwrap();
    for outcome in join_all((0..10).map(|_| db.write(request()))).await {
        outcome.unwrap();
    }
    assert_eq!(names(&db, ..).await.len(), 2);
    assert_eq!(counted(&db).await, 2);
}

async fn a_dropped_period_is_gone(bed: Bed) {
    let db = bed.open().await;
    three_weeks(&db).await;
    // Read first, so that readers have it open.
    assert_eq!(names(&db, ..).await.len(), 6);
    db.drop_period(Period(WEEK + 1)).await.unwrap();
    db.drop_period(Period(WEEK + 1)).await.unwrap();
    db.drop_period(Period(1)).await.unwrap();
    assert_eq!(db.periods().await.unwrap(), [WEEK, WEEK + 2].map(Period));
    for _ in 0..10 {
        assert_eq!(names(&db, ..).await, ["c2", "c1", "a2", "a1"]);
    }
    if let Some(folder) = bed.url().path() {
        let left: Vec<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| name.contains(&Period(WEEK + 1).to_string()))
            .collect();
        assert_eq!(left, [""; 0]);
    }
}

async fn a_dropped_period_can_come_back(bed: Bed) {
    let (db, other) = (bed.open().await, bed.open().await);
    for round in 0..3 {
        let name = format!("round {round}");
        let mut batch = Batch::new("round");
        event(&mut batch, WEEK, 1, &name);
        db.write(batch).await.unwrap();
        for _ in 0..10 {
            assert_eq!(names(&db, ..).await, [name.as_str()]);
        }
        // On PostgreSQL another process may do it; SQLite's files belong to the process that serves.
        let dropping = if bed.is_sqlite() { &db } else { &other };
        dropping.drop_period(Period(WEEK)).await.unwrap();
        assert_eq!(names(&db, ..).await, [""; 0]);
    }
}

async fn many_periods_at_once(bed: Bed) {
    let (db, other) = (bed.open().await, bed.open().await);
    let writes = (0..24_u32).map(|turn| {
        let mut batch = Batch::new("periods");
        event(
            &mut batch,
            WEEK + turn % 12,
            i64::from(turn),
            &format!("event {turn}"),
        );
        event(
            &mut batch,
            WEEK + (turn + 5) % 12,
            i64::from(turn),
            &format!("other {turn}"),
        );
        // Two processes that make the same partitions at the same time, where that is allowed.
        if turn % 2 == 0 || bed.is_sqlite() {
            db.write(batch)
        } else {
            other.write(batch)
        }
    });
    for outcome in join_all(writes).await {
        outcome.unwrap();
    }
    assert_eq!(db.periods().await.unwrap().len(), 12);
    assert_eq!(names(&db, ..).await.len(), 48);
}

async fn periods_survive_a_restart(bed: Bed) {
    let db = bed.open().await;
    three_weeks(&db).await;
    db.close().await;
    let db = bed.open().await;
    assert_eq!(names(&db, ..).await, ["c2", "c1", "b2", "b1", "a2", "a1"]);
    let mut batch = Batch::new("more");
    event(&mut batch, WEEK + 1, 3, "b3");
    event(&mut batch, WEEK + 3, 1, "d1");
    db.write(batch).await.unwrap();
    assert_eq!(
        names(&db, ..).await,
        ["d1", "c2", "c1", "b3", "b2", "b1", "a2", "a1"]
    );
}
