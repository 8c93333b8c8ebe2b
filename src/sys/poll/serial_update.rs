//! A change that one thread at a time makes, without a lock.

#[cfg(loom)]
use loom::sync::atomic::{AtomicU64, Ordering::AcqRel, Ordering::Acquire};
#[cfg(not(loom))]
use std::sync::atomic::{AtomicU64, Ordering::AcqRel, Ordering::Acquire};

/// Whose turn it is to make a change, as the number of those who have come for that. Nobody waits: who comes while another
/// is at it leaves it to that one to look again.
#[derive(Debug)]
pub struct SerialUpdate(AtomicU64);

impl SerialUpdate {
    pub fn new() -> SerialUpdate {
        SerialUpdate(AtomicU64::new(0))
    }

    /// Makes a change that sees whatever those saw who have come for it so far. When another thread is at it, that one
    /// makes it once more.
    pub fn take<E>(&self, mut change: impl FnMut() -> Result<(), E>) -> Result<(), E> {
        if self.0.fetch_add(1, AcqRel) > 0 {
            return Ok(());
        }
        let mut seen = 1;
        loop {
            let result = change();
            match self.0.compare_exchange(seen, 0, AcqRel, Acquire) {
                Ok(_) => return result,
                Err(come) => seen = come,
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

    struct Scene {
        turn: SerialUpdate,
        wanted: [AtomicBool; 2],
        done: [AtomicBool; 2],
        at_it: AtomicBool,
    }

    impl Scene {
        fn come(&self) {
            let change = || {
                assert!(!self.at_it.swap(true, Relaxed));
                for (wanted, done) in self.wanted.iter().zip(&self.done) {
                    done.store(wanted.load(Relaxed), Relaxed);
                }
                self.at_it.store(false, Relaxed);
                Ok::<(), ()>(())
            };
            self.turn.take(change).unwrap();
        }
    }

    /// One comes for what it wants itself, another one for what it sees that a third one wants.
    #[test]
    fn nothing_is_left_undone_and_one_at_a_time_does_it() {
        loom::model(|| {
            let [wanted, done] = [(); 2].map(|()| [(); 2].map(|()| AtomicBool::new(false)));
            let scene = Arc::new(Scene { turn: SerialUpdate::new(), wanted, done, at_it: AtomicBool::new(false) });
            let wants = thread::spawn({
                let scene = scene.clone();
                move || {
                    scene.wanted[0].store(true, Relaxed);
                    scene.come();
                }
            });
            let sees = thread::spawn({
                let scene = scene.clone();
                move || {
                    let seen = scene.wanted[1].load(Relaxed);
                    scene.come();
                    seen
                }
            });
            scene.wanted[1].store(true, Relaxed);
            wants.join().unwrap();
            let seen = sees.join().unwrap();
            let [first, second] = [0, 1].map(|at: usize| scene.done[at].load(Relaxed));
            assert!(first && (second || !seen));
        });
    }
}
