//! A batch is kept whole or not at all; guards, expectations and answers do what they say.

use crate::bed::{Bed, on_both_engines};
use campanile::store::db::{Batch, Db, DbError, Outcome, args};
use futures_util::future::join_all;

on_both_engines!(
    many_writers_at_once,
    a_failing_batch_fails_alone,
    an_unmet_expectation_undoes_the_batch,
    optimistic_counters_lose_nothing,
    a_guard_skips_its_section,
    a_replay_changes_nothing,
    answers_see_the_batch,
    touched_counts_rows,
    a_batch_outlives_its_caller,
    jobs_are_leased_once,
    opposite_orders_both_succeed,
    a_large_batch,
    nothing_to_write,
);

const INSERT: &str = "-- insert\nINSERT INTO things (id, n) VALUES ($1, $2)";
const TAKE: &str = "-- take\nINSERT INTO taken (id) VALUES ($1) ON CONFLICT DO NOTHING";
const COUNT: &str = "-- count\nINSERT INTO counts (name, n) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET n = counts.n + excluded.n";

async fn ids(db: &Db) -> Vec<i64> {
    let rows = db
        .query("-- ids\nSELECT id FROM things ORDER BY id", args![])
        .await
        .unwrap();
    rows.iter().map(|row| row.int(0).unwrap()).collect()
}

async fn counted(db: &Db, name: &str) -> i64 {
    let rows = db
        .query("-- counted\nSELECT n FROM counts WHERE name = $1", args![name])
        .await
        .unwrap();
    rows.first().map_or(0, |row| row.int(0).unwrap())
}

async fn many_writers_at_once(bed: Bed) {
    let db = bed.open().await;
    let before = db.stats();
    let writes = (0..400_i64).map(|id| {
        let mut batch = Batch::new("writer");
        batch.run(INSERT, args![id, id]);
        batch.run(COUNT, args!["all", 1]);
        db.write(batch)
    });
    for outcome in join_all(writes).await {
        assert!(matches!(outcome, Ok(Outcome::Done { touched, .. }) if touched == [1, 1]));
    }
    assert_eq!(ids(&db).await, (0..400).collect::<Vec<i64>>());
    assert_eq!(counted(&db, "all").await, 400);
    let after = db.stats();
    assert_eq!(after.batches - before.batches, 400);
    assert_eq!(after.statements - before.statements, 800);
    let commits = after.commits - before.commits;
    if bed.is_sqlite() {
        assert!(
            commits < 100,
            "{commits} commits for 400 batches is no group commit"
        );
    } else {
        assert_eq!(commits, 400);
    }
}

async fn a_failing_batch_fails_alone(bed: Bed) {
    let db = bed.open().await;
    let mut batch = Batch::new("first");
    batch.run(INSERT, args![1_000, 0]);
    db.write(batch).await.unwrap();
    let writes = (0..70_i64).map(|id| {
        let mut batch = Batch::new("some fail");
        batch.run(INSERT, args![id, id]);
        batch.run(COUNT, args!["kept", 1]);
        // Every seventh comes across the row that is there.
        batch.run(INSERT, args![if id % 7 == 0 { 1_000 } else { 2_000 + id }, id]);
        db.write(batch)
    });
    for (id, outcome) in (0..).zip(join_all(writes).await) {
        match outcome {
            Err(DbError::Unique {
                statement,
                constraint,
            }) => {
                assert_eq!((id % 7, statement), (0, "insert"));
                assert!(constraint.contains("things"), "{constraint}");
            }
            outcome => assert!(id % 7 != 0 && outcome.is_ok(), "{id}: {outcome:?}"),
        }
    }
    assert_eq!(counted(&db, "kept").await, 60);
    assert_eq!(ids(&db).await.len(), 121);
}

async fn an_unmet_expectation_undoes_the_batch(bed: Bed) {
    let db = bed.open().await;
    let mut batch = Batch::new("two");
    batch.run(INSERT, args![1, 5]);
    batch.run(INSERT, args![2, 5]);
    db.write(batch).await.unwrap();

    let update = "-- update\nUPDATE things SET n = n + 1 WHERE n = $1";
    let mut batch = Batch::new("expects");
    batch.run(INSERT, args![3, 6]);
    assert_eq!(batch.expect(update, args![5], 2), 1);
    assert_eq!(batch.expect(update, args![100], 1), 2);
    // Would fail if it ran alone: the conflict comes first and is what is told.
    batch.run(INSERT, args![3, 6]);
    let outcome = db.write(batch).await.unwrap();
    assert_eq!(outcome, Outcome::Conflict { statement: 2 });
    assert!(outcome.is_conflict());
    assert!(matches!(outcome.into_rows(0), Err(DbError::Unavailable { .. })));
    assert_eq!(ids(&db).await, [1, 2]);

    let mut batch = Batch::new("met");
    batch.expect(update, args![5], 2);
    batch.expect(update, args![5], 0);
    assert!(matches!(db.write(batch).await.unwrap(), Outcome::Done { touched, .. } if touched == [2, 0]));
}

async fn optimistic_counters_lose_nothing(bed: Bed) {
    let db = bed.open().await;
    let mut batch = Batch::new("start");
    batch.run(COUNT, args!["turns", 0]);
    db.write(batch).await.unwrap();
    join_all((0..8).map(|_| async {
        let mut done = 0;
        while done < 10 {
            let seen = counted(&db, "turns").await;
            let mut batch = Batch::new("turn");
            let update = "-- turn\nUPDATE counts SET n = $2 WHERE name = $1 AND n = $3";
            batch.expect(update, args!["turns", seen + 1, seen], 1);
            if !db.write(batch).await.unwrap().is_conflict() {
                done += 1;
            }
        }
    }))
    .await;
    assert_eq!(counted(&db, "turns").await, 80);
}

/// A request with three operations, as the ingest makes it: each with its guard.
fn request(ids: [&[u8]; 3]) -> Batch {
    let mut batch = Batch::new("request");
    batch.run(COUNT, args!["requests", 1]);
    for id in ids {
        batch.section();
        batch.stop_unless(TAKE, args![id]);
        batch.run(COUNT, args!["operations", 1]);
        batch.returning(
            "-- read\nSELECT n FROM counts WHERE name = $1",
            args!["operations"],
        );
    }
    batch.section();
    batch.run(COUNT, args!["ends", 1]);
    batch
}

async fn a_guard_skips_its_section(bed: Bed) {
    let db = bed.open().await;
    let Outcome::Done {
        rows,
        touched,
        stopped,
    } = db.write(request([b"a", b"b", b"a"])).await.unwrap()
    else {
        panic!("nothing was expected, so nothing can conflict");
    };
    assert_eq!(touched, [1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 1]);
    assert_eq!(stopped, [7]);
    let answers: Vec<Option<i64>> = rows
        .iter()
        .map(|rows| rows.first().map(|row| row.int(0).unwrap()))
        .collect();
    assert_eq!(answers, [Some(1), Some(2), None]);
    assert_eq!(counted(&db, "ends").await, 1);

    // Without sections the guard skips all that is left.
    let mut batch = Batch::new("one section");
    batch.run(COUNT, args!["before", 1]);
    batch.stop_unless(TAKE, args![b"a"]);
    batch.run(COUNT, args!["after", 1]);
    batch.stop_unless(TAKE, args![b"c"]);
    assert!(matches!(db.write(batch).await.unwrap(), Outcome::Done { stopped, .. } if stopped == [1]));
    assert_eq!(
        (counted(&db, "before").await, counted(&db, "after").await),
        (1, 0)
    );
}

async fn a_replay_changes_nothing(bed: Bed) {
    let db = bed.open().await;
    // The same request from many tabs at once, and again after that.
    let all = join_all((0..20).map(|_| db.write(request([b"a", b"b", b"c"])))).await;
    assert!(all.into_iter().all(|outcome| outcome.is_ok()));
    db.write(request([b"c", b"b", b"a"])).await.unwrap();
    assert_eq!(counted(&db, "operations").await, 3);
    assert_eq!(counted(&db, "requests").await, 21);
}

async fn answers_see_the_batch(bed: Bed) {
    let db = bed.open().await;
    let mut batch = Batch::new("answers");
    let first = batch.returning(
        "-- insert\nINSERT INTO things (id, n) VALUES ($1, $2) RETURNING id, n",
        args![1, 7],
    );
    batch.run("-- change\nUPDATE things SET n = 8 WHERE id = $1", args![1]);
    let second = batch.returning("-- select\nSELECT n, word FROM things WHERE id = $1", args![1]);
    let third = batch.returning(
        "-- none\nUPDATE things SET n = 9 WHERE id = $1 RETURNING n",
        args![2],
    );
    let Outcome::Done { rows, touched, .. } = db.write(batch).await.unwrap() else {
        panic!("a conflict")
    };
    assert_eq!(rows[first][0].int(1).unwrap(), 7);
    assert_eq!(rows[second][0].int(0).unwrap(), 8);
    assert_eq!(rows[second][0].opt_text(1).unwrap(), None);
    assert!(rows[third].is_empty());
    assert_eq!(touched, [1, 1, 1, 0]);
}

async fn touched_counts_rows(bed: Bed) {
    let db = bed.open().await;
    let mut batch = Batch::new("touched");
    batch.run(
        "-- three\nINSERT INTO things (id, n) VALUES (1, 1), (2, 1), (3, 2)",
        args![],
    );
    batch.run("-- some\nUPDATE things SET n = n WHERE n = $1", args![1]);
    batch.run("-- none\nDELETE FROM things WHERE n = $1", args![99]);
    batch.run(
        "-- again\nINSERT INTO things (id) VALUES ($1) ON CONFLICT (id) DO NOTHING",
        args![1],
    );
    batch.run(
        "-- capped\nINSERT INTO things (id, n) VALUES ($1, 1) ON CONFLICT (id) DO UPDATE SET n = 5 \
               WHERE things.n < 0",
        args![2],
    );
    batch.expect("-- look\nSELECT id FROM things WHERE n = $1", args![1], 2);
    batch.run("-- all\nDELETE FROM things", args![]);
    let outcome = db.write(batch).await.unwrap();
    assert!(
        matches!(&outcome, Outcome::Done { touched, .. } if *touched == [3, 2, 0, 0, 0, 2, 3]),
        "{outcome:?}"
    );
}

async fn a_batch_outlives_its_caller(bed: Bed) {
    let db = bed.open().await;
    for id in 0..20_i64 {
        let mut batch = Batch::new("abandoned");
        batch.run(INSERT, args![id, 0]);
        batch.run(COUNT, args!["kept", 1]);
        let mut write = Box::pin(db.write(batch));
        // Polled once, as a server does before its client hangs up; then dropped.
        let _ = futures_util::poll!(write.as_mut());
    }
    let reopened = bed.open().await;
    // Closing waits for what is under way.
    db.close().await;
    assert_eq!(ids(&reopened).await, (0..20).collect::<Vec<i64>>());
    assert_eq!(counted(&reopened, "kept").await, 20);
}

async fn jobs_are_leased_once(bed: Bed) {
    let db = bed.open().await;
    let mut batch = Batch::new("jobs");
    for id in 0..100 {
        batch.run(
            "-- job\nINSERT INTO jobs (id, ready_at) VALUES ($1, $2)",
            args![id, id],
        );
    }
    db.write(batch).await.unwrap();
    let lease = "-- lease\nUPDATE jobs SET ready_at = $2 WHERE id IN (SELECT id FROM jobs WHERE ready_at <= $1 \
                 ORDER BY ready_at LIMIT $3 {skip_locked}) RETURNING id";
    let leases = join_all((0..10).map(|_| {
        let mut batch = Batch::new("lease");
        batch.returning(lease, args![1_000, 2_000, 10]);
        db.write(batch)
    }));
    let mut leased: Vec<i64> = Vec::new();
    for outcome in leases.await {
        let rows = outcome.unwrap().into_rows(0).unwrap();
        leased.extend(rows.iter().map(|row| row.int(0).unwrap()));
    }
    leased.sort_unstable();
    assert_eq!(leased, (0..100).collect::<Vec<i64>>());
}

async fn opposite_orders_both_succeed(bed: Bed) {
    // Two stores on the same data, as two processes: rows locked in opposite orders, which PostgreSQL ends by giving
    // one transaction up, and SQLite never sees.
    let (one, two) = (bed.open().await, bed.open().await);
    let turns = (0..40).map(|turn| {
        let mut batch = Batch::new("turns");
        let names = if turn % 2 == 0 {
            ["left", "right"]
        } else {
            ["right", "left"]
        };
        for name in names {
            batch.run(COUNT, args![name, 1]);
        }
        if turn % 3 == 0 {
            one.write(batch)
        } else {
            two.write(batch)
        }
    });
    for outcome in join_all(turns).await {
        outcome.unwrap();
    }
    assert_eq!(
        (counted(&one, "left").await, counted(&two, "right").await),
        (40, 40)
    );
}

async fn a_large_batch(bed: Bed) {
    let db = bed.open().await;
    let mut batch = Batch::new("large");
    for id in 0..10_000_i64 {
        batch.run(INSERT, args![id, id]);
    }
    assert_eq!(batch.len(), 10_000);
    db.write(batch).await.unwrap();
    assert_eq!(ids(&db).await.len(), 10_000);
}

async fn nothing_to_write(bed: Bed) {
    let db = bed.open().await;
    let batch = Batch::new("empty");
    assert!(batch.is_empty());
    let before = db.stats();
    let outcome = db.write(batch).await.unwrap();
    assert_eq!(
        outcome,
        Outcome::Done {
            rows: vec![],
            touched: vec![],
            stopped: vec![]
        }
    );
    assert_eq!(db.stats(), before);
}
