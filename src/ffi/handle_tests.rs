//! Tests of the handle table, and with `--cfg loom` of every interleaving of its operations.

use super::*;

const TEST_KIND: u64 = 5;

#[cfg(not(loom))]
mod plain {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn handle_is_valid_until_its_object_is_removed() {
        let table = Table::<_, TEST_KIND, SMALL_TABLE>::new();
        let handle = table.insert(|| Ok("object")).unwrap();
        assert!(handle > 0 && handle < 1 << 53);
        assert_eq!(table.with(handle, |object| Ok(*object)), Ok("object"));
        assert_eq!(table.remove(handle, |_| ()), Ok("object"));
        for _ in 0..2 {
            // The slot is vacant, then it has its next object.
            assert_eq!(table.with(handle, |object| Ok(*object)), Err(Error::CLOSED));
            assert_eq!(table.remove(handle, |_| ()), Err(Error::CLOSED));
            assert_eq!(table.remove_unused(handle), Err(Error::CLOSED));
            table.insert(|| Ok("next object")).unwrap();
        }
    }

    #[test]
    fn handle_is_closed_while_its_object_is_being_removed() {
        let table = Table::<_, TEST_KIND, SMALL_TABLE>::new();
        let handle = table.insert(|| Ok(7)).unwrap();
        let in_use = std::cell::Cell::new(table.enter_at_once(handle));
        let wake = |_: &i32| {
            assert_eq!(table.with(handle, |_| Ok(())), Err(Error::CLOSED));
            assert_eq!(table.remove(handle, |_| ()), Err(Error::CLOSED));
            assert_eq!(table.remove_unused(handle), Err(Error::CLOSED));
            in_use.take();
        };
        assert_eq!(table.remove(handle, wake), Ok(7));
    }

    #[test]
    fn handles_of_future_generations_are_bad() {
        let table = Table::<_, TEST_KIND, SMALL_TABLE>::new();
        let first = table.insert(|| Ok(7)).unwrap();
        let second = first + (1 << GENERATION_SHIFT);
        assert_eq!(table.with(second, |_| Ok(())), Err(Error::BAD_HANDLE));
        table.remove(first, |_| ()).unwrap();
        assert_eq!(table.with(second, |_| Ok(())), Err(Error::BAD_HANDLE));
        assert_eq!(table.insert(|| Ok(8)), Ok(second));
        assert_eq!(table.with(first, |_| Ok(())), Err(Error::CLOSED));
    }

    #[test]
    fn calls_with_other_handles_write_nothing() {
        let table = Table::<_, TEST_KIND, SMALL_TABLE>::new();
        let closed = table.insert(|| Ok(7)).unwrap();
        table.remove(closed, |_| ()).unwrap();
        let handle = table.insert(|| Ok(8)).unwrap();
        // In the process that wrote the word, and in a forked child.
        for additional in [0, 3] {
            if additional != 0 {
                pretend_fork(&table, 0, additional);
            }
            let state = table.slot(0).unwrap().state.load(Relaxed);
            for other in [closed, handle + (1 << GENERATION_SHIFT), handle ^ (1 << KIND_SHIFT)] {
                assert!(table.enter_at_once(other).is_none());
                assert!(table.enter(other).is_err());
                assert!(table.remove(other, |_| ()).is_err());
                assert!(table.remove_unused(other).is_err());
                assert_eq!(table.slot(0).unwrap().state.load(Relaxed), state);
            }
        }
    }

    #[test]
    fn object_in_use_is_not_removed_by_remove_unused() {
        let table = Table::<_, TEST_KIND, SMALL_TABLE>::new();
        let handle = table.insert(|| Ok(7)).unwrap();
        table
            .with(handle, |_| {
                assert_eq!(table.remove_unused(handle), Err(Error::BUSY));
                Ok(())
            })
            .unwrap();
        assert_eq!(table.remove_unused(handle), Ok(7));
    }

    #[test]
    fn failed_insert_uses_no_slot() {
        let table = Table::<_, TEST_KIND, SMALL_TABLE>::new();
        for _ in 0..3 * CHUNK {
            assert_eq!(table.insert(|| Err::<(), _>(Error::TOO_MANY_FILES)), Err(Error::TOO_MANY_FILES));
        }
        assert_eq!(table.used_slots.load(Relaxed), 1);
    }

    #[test]
    fn panicking_call_releases_its_object() {
        let table = Table::<_, TEST_KIND, SMALL_TABLE>::new();
        let handle = table.insert(|| Ok(7)).unwrap();
        let call = || table.with(handle, |_| -> Result<()> { std::panic::resume_unwind(Box::new(())) });
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(call)).unwrap_err();
        assert_eq!(table.remove_unused(handle), Ok(7));
    }

    #[test]
    fn invented_handles_are_rejected() {
        let table = Table::<_, TEST_KIND, SMALL_TABLE>::new();
        let handle = table.insert(|| Ok(())).unwrap();
        let other_kind = handle ^ (1 << KIND_SHIFT);
        for number in
            [0, -1, 1, i64::MIN, i64::MAX, handle + 1, handle ^ (1 << INDEX_BITS), handle | 1 << 53, other_kind]
        {
            assert_eq!(table.with(number, |_| Ok(())), Err(Error::BAD_HANDLE), "{number:#x}");
        }
        assert_eq!(table.with(handle, |_| Ok(())), Ok(()));
    }

    #[test]
    fn a_million_objects_have_distinct_handles() {
        let table = Table::<_, TEST_KIND, SMALL_TABLE>::new();
        let handles: Vec<i64> = (0..1_000_000).map(|n| table.insert(|| Ok(n)).unwrap()).collect();
        assert_eq!(handles.iter().collect::<HashSet<_>>().len(), handles.len());
        for (n, &handle) in handles.iter().enumerate() {
            assert_eq!(table.with(handle, |&object| Ok(object)), Ok(n));
        }
    }

    #[test]
    fn full_table_returns_no_memory() {
        let table = Table::<_, TEST_KIND, SMALL_TABLE>::new();
        table.used_slots.store((CHUNK * CHUNKS) as u32, Relaxed);
        assert_eq!(table.insert(|| Ok(())), Err(Error::NO_MEMORY));
    }

    #[test]
    fn slot_retires_after_its_last_generation() {
        let table = Table::<_, TEST_KIND, SMALL_TABLE>::new();
        let first = table.insert(|| Ok(())).unwrap();
        table.remove(first, |_| ()).unwrap();
        table.slot(0).unwrap().state.store(LAST_GENERATION << GENERATION_SHIFT | CLOSED, Relaxed);
        let last = table.insert(|| Ok(())).unwrap();
        assert_eq!((last as u64) & ((1 << INDEX_BITS) - 1), 0);
        assert!(last > first && last < 1 << 53);
        table.remove(last, |_| ()).unwrap();
        assert_eq!(table.with(first, |_| Ok(())), Err(Error::CLOSED));
        assert_eq!(table.with(last, |_| Ok(())), Err(Error::CLOSED));
        assert_eq!(table.with(last + (1 << GENERATION_SHIFT), |_| Ok(())), Err(Error::BAD_HANDLE));
        let next = table.insert(|| Ok(())).unwrap();
        assert_eq!((next as u64) & ((1 << INDEX_BITS) - 1), 1);
    }

    /// Changes a slot to the state in which a forked child finds it: with the parent's epoch, which differs from the
    /// child's, and with additional bits.
    fn pretend_fork(table: &Table<i32, TEST_KIND, SMALL_TABLE>, index: usize, also: u64) {
        let state = &table.slot(index).unwrap().state;
        state.store(((state.load(Relaxed) ^ (1 << EPOCH_SHIFT)) & !COUNT) | also, Relaxed);
    }

    #[test]
    fn fork_resets_the_calls_of_the_parents_threads() {
        let table = Table::<_, TEST_KIND, SMALL_TABLE>::new();
        let handle = table.insert(|| Ok(7)).unwrap();
        pretend_fork(&table, 0, 3);
        assert!(table.enter_at_once(handle).is_none());
        assert_eq!(table.with(handle, |&object| Ok(object)), Ok(7));
        assert_eq!(table.slot(0).unwrap().state.load(Relaxed) & COUNT, 0);

        pretend_fork(&table, 0, CLOSED | 3);
        assert_eq!(table.remove(handle, |_| panic!("no call is in flight")), Ok(7));

        let handle = table.insert(|| Ok(8)).unwrap();
        pretend_fork(&table, 0, 1);
        assert_eq!(table.remove_unused(handle), Ok(8));

        pretend_fork(&table, 0, 2);
        assert_eq!(table.with(handle, |_| Ok(())), Err(Error::CLOSED));
        pretend_fork(&table, 0, 2);
        let handle = table.insert(|| Ok(9)).unwrap();
        assert_eq!(table.remove_unused(handle), Ok(9));
    }
}

/// Invariants for every interleaving of two or three threads.
#[cfg(loom)]
mod model {
    use super::*;
    use loom::sync::Arc;
    use loom::sync::atomic::AtomicBool;
    use loom::thread;

    /// An object that records whether it was removed. loom detects a concurrent access to the cell.
    fn new_object() -> Result<loom::cell::UnsafeCell<u32>> {
        Ok(loom::cell::UnsafeCell::new(0))
    }

    type Objects = Table<loom::cell::UnsafeCell<u32>, TEST_KIND, SMALL_TABLE>;

    fn read(table: &Objects, handle: i64) -> Result<u32> {
        // SAFETY: only `remove` writes; loom reports if that can happen at the same time.
        table.with(handle, |object| Ok(object.with(|value| unsafe { *value })))
    }

    /// [`read`] on the fast path, if that reaches the object.
    fn read_fast(table: &Objects, handle: i64) -> Option<u32> {
        // SAFETY: as in `read`.
        table.enter_at_once(handle).map(|object| object.with(|value| unsafe { *value }))
    }

    /// Removes the object and writes to it, as closing does.
    fn remove(table: &Objects, handle: i64) -> Result<()> {
        let object = table.remove(handle, |_| ())?;
        // SAFETY: as in `read`.
        object.with_mut(|value| unsafe { *value = 1 });
        Ok(())
    }

    #[test]
    fn remove_waits_for_calls_in_flight() {
        loom::model(|| {
            let table = Arc::new(Objects::new());
            let handle = table.insert(new_object).unwrap();
            let caller = thread::spawn({
                let table = table.clone();
                move || read(&table, handle)
            });
            remove(&table, handle).unwrap();
            assert!(matches!(caller.join().unwrap(), Ok(0) | Err(Error::CLOSED)));
            assert_eq!(read(&table, handle), Err(Error::CLOSED));
        });
    }

    #[test]
    fn remove_waits_for_calls_on_the_fast_path() {
        loom::model(|| {
            let table = Arc::new(Objects::new());
            let old = table.insert(new_object).unwrap();
            remove(&table, old).unwrap();
            let handle = table.insert(new_object).unwrap();
            let caller = thread::spawn({
                let table = table.clone();
                move || (read_fast(&table, old), read_fast(&table, handle))
            });
            remove(&table, handle).unwrap();
            let (old, new) = caller.join().unwrap();
            assert!(old.is_none() && matches!(new, None | Some(0)));
            assert_eq!(table.slot(0).unwrap().state.load(Relaxed) & COUNT, 0);
        });
    }

    #[test]
    fn exactly_one_of_two_removes_succeeds() {
        loom::model(|| {
            let table = Arc::new(Objects::new());
            let handle = table.insert(new_object).unwrap();
            let closer = thread::spawn({
                let table = table.clone();
                move || remove(&table, handle)
            });
            let results = [remove(&table, handle), closer.join().unwrap()];
            assert!(results == [Ok(()), Err(Error::CLOSED)] || results == [Err(Error::CLOSED), Ok(())]);
        });
    }

    #[test]
    fn remove_and_remove_unused_exclude_each_other() {
        loom::model(|| {
            let table = Arc::new(Objects::new());
            let handle = table.insert(new_object).unwrap();
            let closer = thread::spawn({
                let table = table.clone();
                move || remove(&table, handle).is_ok()
            });
            let given_up = table.remove_unused(handle).is_ok();
            assert!(given_up != closer.join().unwrap());
        });
    }

    #[test]
    fn old_handle_never_reaches_the_next_object_of_its_slot() {
        loom::model(|| {
            let table = Arc::new(Objects::new());
            let old = table.insert(new_object).unwrap();
            remove(&table, old).unwrap();
            let caller = thread::spawn({
                let table = table.clone();
                move || (read(&table, old), remove(&table, old))
            });
            let new = table.insert(new_object).unwrap();
            assert_ne!(new, old);
            assert_eq!(read(&table, new), Ok(0));
            remove(&table, new).unwrap();
            assert_eq!(caller.join().unwrap(), (Err(Error::CLOSED), Err(Error::CLOSED)));
        });
    }

    #[test]
    fn call_with_an_old_handle_is_not_in_flight_on_the_next_object() {
        loom::model(|| {
            let table = Arc::new(Objects::new());
            let old = table.insert(new_object).unwrap();
            remove(&table, old).unwrap();
            let new = table.insert(new_object).unwrap();
            let caller = thread::spawn({
                let table = table.clone();
                move || {
                    assert_eq!(read_fast(&table, old), None);
                    assert_eq!(read(&table, old), Err(Error::CLOSED));
                    assert_eq!(remove(&table, old), Err(Error::CLOSED));
                    assert!(matches!(table.remove_unused(old), Err(Error::CLOSED)));
                }
            });
            table.remove(new, |_| panic!("no call is in flight")).unwrap();
            let newest = table.insert(new_object).unwrap();
            assert!(table.remove_unused(newest).is_ok());
            caller.join().unwrap();
        });
    }

    #[test]
    fn two_objects_never_share_a_slot() {
        loom::model(|| {
            let table = Arc::new(Objects::new());
            // One slot is in the stack, which both threads pop and push.
            remove(&table, table.insert(new_object).unwrap()).unwrap();
            let other = thread::spawn({
                let table = table.clone();
                move || {
                    let handle = table.insert(new_object).unwrap();
                    assert_eq!(read(&table, handle), Ok(0));
                    remove(&table, handle).unwrap();
                    handle
                }
            });
            let handle = table.insert(new_object).unwrap();
            assert_eq!(read(&table, handle), Ok(0));
            remove(&table, handle).unwrap();
            assert_ne!(other.join().unwrap(), handle);
        });
    }

    #[test]
    fn vacant_stack_is_free_of_aba() {
        loom::model(|| {
            let table = Arc::new(Objects::new());
            let handles = [table.insert(new_object).unwrap(), table.insert(new_object).unwrap()];
            for handle in handles {
                remove(&table, handle).unwrap();
            }
            // While one thread reads the top of the stack and the slot below, the other pops both and pushes the top
            // again.
            let other = thread::spawn({
                let table = table.clone();
                move || {
                    let (top, below) = (table.insert(new_object).unwrap(), table.insert(new_object).unwrap());
                    remove(&table, top).unwrap();
                    below
                }
            });
            let one = table.insert(new_object).unwrap();
            let two = table.insert(new_object).unwrap();
            let three = other.join().unwrap();
            let slots = [one, two, three].map(|handle| handle & ((1 << INDEX_BITS) - 1));
            assert!(slots[0] != slots[1] && slots[1] != slots[2] && slots[0] != slots[2]);
        });
    }

    #[test]
    fn last_generation_is_safe_while_old_handles_are_used() {
        loom::model(|| {
            let table = Arc::new(Objects::new());
            for _ in 0..LAST_GENERATION - 1 {
                remove(&table, table.insert(new_object).unwrap()).unwrap();
            }
            let old = table.insert(new_object).unwrap();
            remove(&table, old).unwrap();
            let last = table.insert(new_object).unwrap();
            let caller = thread::spawn({
                let table = table.clone();
                move || (read(&table, old), read(&table, last))
            });
            remove(&table, last).unwrap();
            let other = table.insert(new_object).unwrap();
            assert!(other != old && other != last);
            let (old, last) = caller.join().unwrap();
            assert_eq!(old, Err(Error::CLOSED));
            assert!(matches!(last, Ok(0) | Err(Error::CLOSED)));
            // Of the table's four slots, the first is used up, the second is taken, and the others have all generations
            // left.
            for _ in 0..2 * (LAST_GENERATION + 1) {
                remove(&table, table.insert(new_object).unwrap()).unwrap();
            }
            assert_eq!(table.insert(new_object), Err(Error::NO_MEMORY));
        });
    }

    #[test]
    fn concurrent_calls_after_fork_reset_the_count_once() {
        loom::model(|| {
            let table = Arc::new(Objects::new());
            let handle = table.insert(new_object).unwrap();
            let state = &table.slot(0).unwrap().state;
            state.store(state.load(Relaxed) ^ (1 << EPOCH_SHIFT) | 3, Relaxed);
            let left = Arc::new(AtomicBool::new(false));
            let caller = thread::spawn({
                let (table, left) = (table.clone(), left.clone());
                move || {
                    let result = read(&table, handle);
                    assert!(result == Ok(0) || result == Err(Error::CLOSED));
                    left.load(Relaxed)
                }
            });
            remove(&table, handle).unwrap();
            left.store(true, Relaxed);
            caller.join().unwrap();
            assert_eq!(table.slot(0).unwrap().state.load(Relaxed) & COUNT, 0);
        });
    }
}
