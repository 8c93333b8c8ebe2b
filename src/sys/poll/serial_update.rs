//! An update that one thread at a time makes, without a lock.

#[cfg(loom)]
use loom::sync::atomic::{AtomicU64, Ordering::AcqRel, Ordering::Acquire};
#[cfg(not(loom))]
use std::sync::atomic::{AtomicU64, Ordering::AcqRel, Ordering::Acquire};

/// Counts pending update requests. A thread that finds an update in progress returns at once; the running thread
/// repeats the update.
#[derive(Debug)]
pub struct SerialUpdate(AtomicU64);

impl SerialUpdate {
    pub fn new() -> SerialUpdate {
        SerialUpdate(AtomicU64::new(0))
    }

    /// Requests an update. The update observes all writes that precede the requests that it serves. If another thread
    /// is updating, that thread repeats the update, and this function returns `Ok(())`.
    pub fn run<E>(&self, mut update: impl FnMut() -> Result<(), E>) -> Result<(), E> {
        if self.0.fetch_add(1, AcqRel) > 0 {
            return Ok(());
        }
        let mut served = 1;
        loop {
            let result = update();
            match self.0.compare_exchange(served, 0, AcqRel, Acquire) {
                Ok(_) => return result,
                Err(requests) => served = requests,
            }
        }
    }
}

#[cfg(all(test, loom))]
mod model {
    use super::*;
    use loom::sync::Arc;
    use loom::sync::atomic::{AtomicBool, Ordering::Relaxed};
    use loom::thread;

    struct Scenario {
        serial: SerialUpdate,
        wanted: [AtomicBool; 2],
        done: [AtomicBool; 2],
        is_updating: AtomicBool,
    }

    impl Scenario {
        fn request_update(&self) {
            let update = || {
                assert!(!self.is_updating.swap(true, Relaxed));
                for (wanted, done) in self.wanted.iter().zip(&self.done) {
                    done.store(wanted.load(Relaxed), Relaxed);
                }
                self.is_updating.store(false, Relaxed);
                Ok::<(), ()>(())
            };
            self.serial.run(update).unwrap();
        }
    }

    /// One thread requests an update for a flag that it has set, another one for a flag that a third thread has set.
    #[test]
    fn every_request_is_served_and_updates_do_not_overlap() {
        loom::model(|| {
            let [wanted, done] = [(); 2].map(|()| [(); 2].map(|()| AtomicBool::new(false)));
            let serial = SerialUpdate::new();
            let scenario = Arc::new(Scenario { serial, wanted, done, is_updating: AtomicBool::new(false) });
            let setter = thread::spawn({
                let scenario = scenario.clone();
                move || {
                    scenario.wanted[0].store(true, Relaxed);
                    scenario.request_update();
                }
            });
            let observer = thread::spawn({
                let scenario = scenario.clone();
                move || {
                    let seen = scenario.wanted[1].load(Relaxed);
                    scenario.request_update();
                    seen
                }
            });
            scenario.wanted[1].store(true, Relaxed);
            setter.join().unwrap();
            let seen = observer.join().unwrap();
            let [first, second] = [0, 1].map(|at: usize| scenario.done[at].load(Relaxed));
            assert!(first && (second || !seen));
        });
    }
}
