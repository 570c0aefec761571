//! Opening, closing, opening again; and what a closed store says.

use crate::bed::{Bed, MIGRATIONS, on_both_engines};
use campanile::store::db::{Batch, Db, DbError, args};
use futures_util::future::join_all;

on_both_engines!(
    everything_is_there_after_a_restart,
    a_closed_store_says_so,
    a_writer_reads_what_it_wrote,
    debug_shows_no_password,
);

const INSERT: &str = "-- insert\nINSERT INTO things (id) VALUES ($1)";
const COUNT: &str = "-- count\nSELECT count(*) FROM things";

async fn write(db: &Db, id: i64) -> Result<(), DbError> {
    let mut batch = Batch::new("write");
    batch.run(INSERT, args![id]);
    db.write(batch).await.map(|_| ())
}

async fn everything_is_there_after_a_restart(bed: Bed) {
    for round in 0..3 {
        let db = bed.open().await;
        assert_eq!(
            db.query(COUNT, args![]).await.unwrap()[0].int(0).unwrap(),
            round * 50
        );
        for outcome in join_all((0..50).map(|id| write(&db, round * 50 + id))).await {
            outcome.unwrap();
        }
        db.close().await;
    }
    if let Some(folder) = bed.url().path() {
        let mut left: Vec<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        left.sort_unstable();
        assert_eq!(left, ["core.db"], "a closed store leaves no log behind");
    }
}

async fn a_closed_store_says_so(bed: Bed) {
    let db = bed.open().await;
    db.health().await.unwrap();
    let clone = db.clone();
    db.close().await;
    for error in [
        clone.health().await.unwrap_err(),
        clone.query(COUNT, args![]).await.unwrap_err(),
        write(&clone, 1).await.unwrap_err(),
    ] {
        assert_eq!(
            error.to_string(),
            "the store is not available: it is shutting down"
        );
    }
}

async fn a_writer_reads_what_it_wrote(bed: Bed) {
    let db = bed.open().await;
    join_all((0..100).map(|id| {
        let db = db.clone();
        async move {
            write(&db, id).await.unwrap();
            let found = db
                .query("-- find\nSELECT id FROM things WHERE id = $1", args![id])
                .await
                .unwrap();
            assert_eq!(found.len(), 1);
        }
    }))
    .await;
}

async fn debug_shows_no_password(bed: Bed) {
    let db = Db::open(&bed.url(), MIGRATIONS).await.unwrap();
    let shown = format!("{db:?}");
    if let Ok(url) = url::Url::parse(&bed.address())
        && let Some(password) = url.password()
    {
        assert!(!shown.contains(password), "{shown}");
    }
    assert!(shown.starts_with("Db("), "{shown}");
}
