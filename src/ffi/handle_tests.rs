//! The handle table by itself, and with `--cfg loom` in every interleaving of its steps.

use super::*;

const MY_KIND: u64 = 5;

#[cfg(not(loom))]
mod plain {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn a_handle_is_good_until_its_tenant_leaves() {
        let table = Table::<_, MY_KIND, FEW>::new();
        let handle = table.insert(|| Ok("tenant")).unwrap();
        assert!(handle > 0 && handle < 1 << 53);
        assert_eq!(table.with(handle, |tenant| Ok(*tenant)), Ok("tenant"));
        assert_eq!(table.remove(handle, |_| ()), Ok("tenant"));
        assert_eq!(table.with(handle, |tenant| Ok(*tenant)), Err(Error::BAD_HANDLE));
        assert_eq!(table.remove(handle, |_| ()), Err(Error::BAD_HANDLE));
        assert_eq!(table.remove_unused(handle), Err(Error::BAD_HANDLE));
    }

    #[test]
    fn a_tenant_in_use_is_not_given_up() {
        let table = Table::<_, MY_KIND, FEW>::new();
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
    fn what_cannot_be_made_takes_no_place() {
        let table = Table::<_, MY_KIND, FEW>::new();
        for _ in 0..3 * CHUNK {
            assert_eq!(table.insert(|| Err::<(), _>(Error::TOO_MANY_FILES)), Err(Error::TOO_MANY_FILES));
        }
        assert_eq!(table.used.load(Relaxed), 1);
    }

    #[test]
    fn a_call_that_panics_is_out_again() {
        let table = Table::<_, MY_KIND, FEW>::new();
        let handle = table.insert(|| Ok(7)).unwrap();
        let call = || table.with(handle, |_| -> Result<()> { std::panic::resume_unwind(Box::new(())) });
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(call)).unwrap_err();
        assert_eq!(table.remove_unused(handle), Ok(7));
    }

    #[test]
    fn no_number_is_good_that_was_not_given_out() {
        let table = Table::<_, MY_KIND, FEW>::new();
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
    fn a_million_tenants_have_a_handle_each() {
        let table = Table::<_, MY_KIND, FEW>::new();
        let handles: Vec<i64> = (0..1_000_000).map(|n| table.insert(|| Ok(n)).unwrap()).collect();
        assert_eq!(handles.iter().collect::<HashSet<_>>().len(), handles.len());
        for (n, &handle) in handles.iter().enumerate() {
            assert_eq!(table.with(handle, |&tenant| Ok(tenant)), Ok(n));
        }
    }

    #[test]
    fn a_full_table_says_so() {
        let table = Table::<_, MY_KIND, FEW>::new();
        table.used.store((CHUNK * CHUNKS) as u32, Relaxed);
        assert_eq!(table.insert(|| Ok(())), Err(Error::NO_MEMORY));
    }

    #[test]
    fn a_slot_retires_with_its_last_generation() {
        let table = Table::<_, MY_KIND, FEW>::new();
        let first = table.insert(|| Ok(())).unwrap();
        table.remove(first, |_| ()).unwrap();
        table.slot(0).unwrap().state.store(LAST_GENERATION << GENERATION_SHIFT | SHUT, Relaxed);
        let last = table.insert(|| Ok(())).unwrap();
        assert_eq!((last as u64) & ((1 << INDEX_BITS) - 1), 0);
        assert!(last > first && last < 1 << 53);
        table.remove(last, |_| ()).unwrap();
        assert_eq!(table.with(last, |_| Ok(())), Err(Error::BAD_HANDLE));
        let next = table.insert(|| Ok(())).unwrap();
        assert_eq!((next as u64) & ((1 << INDEX_BITS) - 1), 1);
    }

    /// Puts a slot into the state in which a forked child finds it: written in the parent's epoch, another one than
    /// ours.
    fn age(table: &Table<i32, MY_KIND, FEW>, index: usize, also: u64) {
        let state = &table.slot(index).unwrap().state;
        state.store(((state.load(Relaxed) ^ (1 << EPOCH_SHIFT)) & !COUNT) | also, Relaxed);
    }

    #[test]
    fn the_calls_of_a_parents_threads_are_forgotten() {
        let table = Table::<_, MY_KIND, FEW>::new();
        let handle = table.insert(|| Ok(7)).unwrap();
        age(&table, 0, 3);
        assert!(table.enter_at_once(handle).is_none());
        assert_eq!(table.with(handle, |&tenant| Ok(tenant)), Ok(7));
        assert_eq!(table.slot(0).unwrap().state.load(Relaxed) & COUNT, 0);

        age(&table, 0, SHUT | 3);
        assert_eq!(table.remove(handle, |_| panic!("nothing is in flight")), Ok(7));

        let handle = table.insert(|| Ok(8)).unwrap();
        age(&table, 0, 1);
        assert_eq!(table.remove_unused(handle), Ok(8));

        age(&table, 0, 2);
        assert_eq!(table.with(handle, |_| Ok(())), Err(Error::BAD_HANDLE));
        age(&table, 0, 2);
        let handle = table.insert(|| Ok(9)).unwrap();
        assert_eq!(table.remove_unused(handle), Ok(9));
    }
}

/// What must hold however the steps of two or three threads fall.
#[cfg(loom)]
mod model {
    use super::*;
    use loom::sync::Arc;
    use loom::sync::atomic::AtomicBool;
    use loom::thread;

    /// A tenant that knows whether it has left; loom knows by itself when somebody touches it then.
    fn tenant() -> Result<loom::cell::UnsafeCell<u32>> {
        Ok(loom::cell::UnsafeCell::new(0))
    }

    type Tenants = Table<loom::cell::UnsafeCell<u32>, MY_KIND, FEW>;

    fn touch(table: &Tenants, handle: i64) -> Result<u32> {
        // SAFETY: only `leave` writes, and if that can happen meanwhile, loom says so.
        table.with(handle, |tenant| Ok(tenant.with(|value| unsafe { *value })))
    }

    /// [`touch`] by the short way, where that leads to the tenant.
    fn touch_at_once(table: &Tenants, handle: i64) -> Option<u32> {
        // SAFETY: as in `touch`.
        table.enter_at_once(handle).map(|tenant| tenant.with(|value| unsafe { *value }))
    }

    /// Takes the tenant out and writes to it, as closing does.
    fn leave(table: &Tenants, handle: i64) -> Result<()> {
        let tenant = table.remove(handle, |_| ())?;
        // SAFETY: as in `touch`.
        tenant.with_mut(|value| unsafe { *value = 1 });
        Ok(())
    }

    #[test]
    fn no_call_is_in_when_the_tenant_leaves() {
        loom::model(|| {
            let table = Arc::new(Tenants::new());
            let handle = table.insert(tenant).unwrap();
            let caller = thread::spawn({
                let table = table.clone();
                move || touch(&table, handle)
            });
            leave(&table, handle).unwrap();
            assert!(matches!(caller.join().unwrap(), Ok(0) | Err(Error::BAD_HANDLE)));
            assert_eq!(touch(&table, handle), Err(Error::BAD_HANDLE));
        });
    }

    #[test]
    fn no_call_is_in_by_the_short_way_when_the_tenant_leaves() {
        loom::model(|| {
            let table = Arc::new(Tenants::new());
            let old = table.insert(tenant).unwrap();
            leave(&table, old).unwrap();
            let handle = table.insert(tenant).unwrap();
            let caller = thread::spawn({
                let table = table.clone();
                move || (touch_at_once(&table, old), touch_at_once(&table, handle))
            });
            leave(&table, handle).unwrap();
            let (old, new) = caller.join().unwrap();
            assert!(old.is_none() && matches!(new, None | Some(0)));
            assert_eq!(table.slot(0).unwrap().state.load(Relaxed) & COUNT, 0);
        });
    }

    #[test]
    fn of_two_closes_one_wins() {
        loom::model(|| {
            let table = Arc::new(Tenants::new());
            let handle = table.insert(tenant).unwrap();
            let closer = thread::spawn({
                let table = table.clone();
                move || leave(&table, handle)
            });
            let results = [leave(&table, handle), closer.join().unwrap()];
            assert!(results == [Ok(()), Err(Error::BAD_HANDLE)] || results == [Err(Error::BAD_HANDLE), Ok(())]);
        });
    }

    #[test]
    fn a_close_and_giving_up_exclude_each_other() {
        loom::model(|| {
            let table = Arc::new(Tenants::new());
            let handle = table.insert(tenant).unwrap();
            let closer = thread::spawn({
                let table = table.clone();
                move || leave(&table, handle).is_ok()
            });
            let given_up = table.remove_unused(handle).is_ok();
            assert!(given_up != closer.join().unwrap());
        });
    }

    #[test]
    fn an_old_handle_never_reaches_the_slots_next_tenant() {
        loom::model(|| {
            let table = Arc::new(Tenants::new());
            let old = table.insert(tenant).unwrap();
            leave(&table, old).unwrap();
            let caller = thread::spawn({
                let table = table.clone();
                move || (touch(&table, old), leave(&table, old))
            });
            let new = table.insert(tenant).unwrap();
            assert_ne!(new, old);
            assert_eq!(touch(&table, new), Ok(0));
            leave(&table, new).unwrap();
            assert_eq!(caller.join().unwrap(), (Err(Error::BAD_HANDLE), Err(Error::BAD_HANDLE)));
        });
    }

    #[test]
    fn two_tenants_never_share_a_slot() {
        loom::model(|| {
            let table = Arc::new(Tenants::new());
            // One slot on the stack, which both threads take from and put back.
            leave(&table, table.insert(tenant).unwrap()).unwrap();
            let other = thread::spawn({
                let table = table.clone();
                move || {
                    let handle = table.insert(tenant).unwrap();
                    assert_eq!(touch(&table, handle), Ok(0));
                    leave(&table, handle).unwrap();
                    handle
                }
            });
            let handle = table.insert(tenant).unwrap();
            assert_eq!(touch(&table, handle), Ok(0));
            leave(&table, handle).unwrap();
            assert_ne!(other.join().unwrap(), handle);
        });
    }

    #[test]
    fn the_stack_tells_a_top_from_the_same_one_later() {
        loom::model(|| {
            let table = Arc::new(Tenants::new());
            let handles = [table.insert(tenant).unwrap(), table.insert(tenant).unwrap()];
            for handle in handles {
                leave(&table, handle).unwrap();
            }
            // While one thread looks at the stack's top and what is below it, the other takes both and puts the top back.
            let other = thread::spawn({
                let table = table.clone();
                move || {
                    let (top, below) = (table.insert(tenant).unwrap(), table.insert(tenant).unwrap());
                    leave(&table, top).unwrap();
                    below
                }
            });
            let one = table.insert(tenant).unwrap();
            let two = table.insert(tenant).unwrap();
            let three = other.join().unwrap();
            let slots = [one, two, three].map(|handle| handle & ((1 << INDEX_BITS) - 1));
            assert!(slots[0] != slots[1] && slots[1] != slots[2] && slots[0] != slots[2]);
        });
    }

    #[test]
    fn generations_end_while_old_handles_are_tried() {
        loom::model(|| {
            let table = Arc::new(Tenants::new());
            for _ in 0..LAST_GENERATION - 1 {
                leave(&table, table.insert(tenant).unwrap()).unwrap();
            }
            let old = table.insert(tenant).unwrap();
            leave(&table, old).unwrap();
            let last = table.insert(tenant).unwrap();
            let caller = thread::spawn({
                let table = table.clone();
                move || (touch(&table, old), touch(&table, last))
            });
            leave(&table, last).unwrap();
            let other = table.insert(tenant).unwrap();
            assert!(other != old && other != last);
            let (old, last) = caller.join().unwrap();
            assert_eq!(old, Err(Error::BAD_HANDLE));
            assert!(matches!(last, Ok(0) | Err(Error::BAD_HANDLE)));
            // Of this table's four slots the first is used up, the second taken, and the others have every generation.
            for _ in 0..2 * (LAST_GENERATION + 1) {
                leave(&table, table.insert(tenant).unwrap()).unwrap();
            }
            assert_eq!(table.insert(tenant), Err(Error::NO_MEMORY));
        });
    }

    #[test]
    fn a_child_resets_a_count_once_however_many_look() {
        loom::model(|| {
            let table = Arc::new(Tenants::new());
            let handle = table.insert(tenant).unwrap();
            let state = &table.slot(0).unwrap().state;
            state.store(state.load(Relaxed) ^ (1 << EPOCH_SHIFT) | 3, Relaxed);
            let left = Arc::new(AtomicBool::new(false));
            let caller = thread::spawn({
                let (table, left) = (table.clone(), left.clone());
                move || {
                    let result = touch(&table, handle);
                    assert!(result == Ok(0) || result == Err(Error::BAD_HANDLE));
                    left.load(Relaxed)
                }
            });
            leave(&table, handle).unwrap();
            left.store(true, Relaxed);
            caller.join().unwrap();
            assert_eq!(table.slot(0).unwrap().state.load(Relaxed) & COUNT, 0);
        });
    }
}
