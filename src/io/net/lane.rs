//! Threads for calls that may block, and for sessions of servers that block. Each file system has
//! its own threads, so that a file system that hangs delays only the calls that use it.

use ::std::collections::VecDeque;
use ::std::future::Future;
use ::std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use ::std::pin::Pin;
use ::std::sync::atomic::{AtomicUsize, Ordering};
use ::std::sync::{Arc, Condvar, LazyLock, Mutex, MutexGuard, PoisonError};
use ::std::task::{Context, Poll, Waker};
use ::std::thread;
use ::std::time::Duration;

/// Maximum number of threads in a lane. Further calls wait for one of them.
const THREADS: usize = 128;
/// Time that an idle thread waits for a call before it ends.
const IDLE_TIMEOUT: Duration = Duration::from_secs(5);

type Job = Box<dyn FnOnce() + Send>;

/// A queue of calls, and the threads that make them. Threads are started as they are needed.
#[derive(Clone, Debug, Default)]
pub(in crate::io) struct Lane(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    wake: Condvar,
    /// Maximum number of threads.
    most: usize,
}

impl Default for Shared {
    fn default() -> Self {
        Self { state: Mutex::default(), wake: Condvar::default(), most: THREADS }
    }
}

#[derive(Default)]
struct State {
    queue: VecDeque<Job>,
    threads: usize,
    /// Number of threads that are waiting for a call.
    idle: usize,
}

impl ::std::fmt::Debug for State {
    fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
        f.debug_struct("State")
            .field("threads", &self.threads)
            .field("idle", &self.idle)
            .finish_non_exhaustive()
    }
}

/// The state of a call.
enum Outcome<T> {
    Waited(Option<Waker>),
    Returned(thread::Result<T>),
    /// The call was dropped without being made, since there was no thread for it.
    Lost,
}

/// The place where a call stores its result.
struct Slot<T>(Arc<Mutex<Outcome<T>>>);

impl<T> Slot<T> {
    fn put(&self, outcome: Outcome<T>) {
        let mut slot = lock(&self.0);
        if let Outcome::Waited(waker) = &mut *slot {
            let waker = waker.take();
            *slot = outcome;
            drop(slot);
            waker.into_iter().for_each(Waker::wake);
        }
    }
}

impl<T> Drop for Slot<T> {
    fn drop(&mut self) {
        self.put(Outcome::Lost);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Lane {
    /// Creates a lane in which no job waits for another one: each gets a thread, or is dropped.
    pub(in crate::io) fn unlimited() -> Self {
        Self(Arc::new(Shared { most: usize::MAX, ..Shared::default() }))
    }

    /// Makes a call in one of the threads. Returns its result, or `None` if no thread is available.
    /// A panic in the call is resumed where the result is awaited. A call is not begun if its
    /// result is no longer awaited.
    pub(in crate::io) fn call<T: Send + 'static>(
        &self,
        call: impl FnOnce() -> T + Send + 'static,
    ) -> Calling<T> {
        let outcome = Arc::new(Mutex::new(Outcome::Waited(None)));
        let slot = Slot(Arc::clone(&outcome));
        self.submit(Box::new(move || {
            if Arc::strong_count(&slot.0) > 1 {
                slot.put(Outcome::Returned(catch_unwind(AssertUnwindSafe(call))));
            }
        }));
        Calling(outcome)
    }

    /// Queues a job for one of the threads. If there is no thread and none can be started, the job
    /// is dropped.
    pub(in crate::io) fn submit(&self, job: Job) {
        let mut state = lock(&self.0.state);
        state.queue.push_back(job);
        if state.queue.len() <= state.idle {
            // The thread that wakes up takes the lock.
            drop(state);
            self.0.wake.notify_one();
        } else if state.threads < self.0.most {
            state.threads += 1;
            drop(state);
            let shared = Arc::clone(&self.0);
            let begun = thread::Builder::new().name("ftp-host".into()).spawn(move || shared.work());
            if begun.is_err() {
                let mut state = lock(&self.0.state);
                state.threads -= 1;
                // The running threads take the job later, if there are any that end their own.
                let is_lost = state.threads == 0 || self.0.most == usize::MAX;
                let lost = if is_lost { state.queue.pop_back() } else { None };
                drop(state);
                drop(lost);
            }
        }
    }
}

/// Makes a call in a lane that all runtimes without threads of their own share. If no thread is
/// available, the call is made where its result is awaited.
pub(in crate::io) async fn unblock<T: Send + 'static>(call: impl FnOnce() -> T + Send + 'static) -> T {
    static LANE: LazyLock<Lane> = LazyLock::new(Lane::default);
    let call = Arc::new(Mutex::new(Some(call)));
    let take = |call: &Mutex<Option<_>>| lock(call).take().expect("a call is made once");
    let made = {
        let call = Arc::clone(&call);
        LANE.call(move || take(&call)())
    };
    match made.await {
        Some(result) => result,
        None => take(&call)(),
    }
}

/// A call in progress.
pub(in crate::io) struct Calling<T>(Arc<Mutex<Outcome<T>>>);

impl<T> Future for Calling<T> {
    type Output = Option<T>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<T>> {
        let mut slot = lock(&self.0);
        match ::std::mem::replace(&mut *slot, Outcome::Waited(Some(cx.waker().clone()))) {
            Outcome::Waited(_) => Poll::Pending,
            Outcome::Returned(Ok(value)) => Poll::Ready(Some(value)),
            Outcome::Returned(Err(panic)) => resume_unwind(panic),
            Outcome::Lost => Poll::Ready(None),
        }
    }
}

impl Shared {
    fn work(&self) {
        let mut state = lock(&self.state);
        loop {
            if let Some(job) = state.queue.pop_front() {
                drop(state);
                // Dropping what the job owns may panic. The thread continues.
                let _ = catch_unwind(AssertUnwindSafe(job));
                state = lock(&self.state);
                continue;
            }
            state.idle += 1;
            let waited = self.wake.wait_timeout(state, IDLE_TIMEOUT);
            let (woken, time) = waited.unwrap_or_else(PoisonError::into_inner);
            state = woken;
            state.idle -= 1;
            if time.timed_out() && state.queue.is_empty() {
                state.threads -= 1;
                return;
            }
        }
    }
}

/// The number of calls of one session in progress, including those that were abandoned.
#[derive(Debug, Default)]
pub(in crate::io) struct Calls(AtomicUsize);

/// A call that is counted until it is dropped.
#[derive(Debug)]
pub(in crate::io) struct Call(Arc<Calls>);

impl Calls {
    /// Maximum number of calls. A session that abandons no call needs fewer.
    const MAX: usize = 4;

    /// Counts another call, unless the maximum is reached.
    pub(in crate::io) fn begin(self: &Arc<Self>) -> Option<Call> {
        let added =
            self.0.fetch_update(Ordering::AcqRel, Ordering::Acquire, |n| (n < Self::MAX).then_some(n + 1));
        added.is_ok().then(|| Call(Arc::clone(self)))
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use ::std::sync::mpsc;

    use super::*;

    fn wait<T>(future: impl Future<Output = T>) -> T {
        struct Unpark(thread::Thread);
        impl ::std::task::Wake for Unpark {
            fn wake(self: Arc<Self>) {
                self.0.unpark();
            }
        }
        let waker = Waker::from(Arc::new(Unpark(thread::current())));
        let mut future = ::std::pin::pin!(future);
        loop {
            match future.as_mut().poll(&mut Context::from_waker(&waker)) {
                Poll::Ready(value) => return value,
                Poll::Pending => thread::park_timeout(Duration::from_secs(10)),
            }
        }
    }

    #[test]
    fn calls_return_and_threads_are_used_again() {
        let lane = Lane::default();
        for n in 0..1000 {
            assert_eq!(wait(lane.call(move || n * 2)), Some(n * 2));
        }
        let threads = lock(&lane.0.state).threads;
        // The last thread may not be idle yet when the next call comes, which then starts another.
        // That is rare.
        assert!(threads <= THREADS / 4, "{threads}");
    }

    #[test]
    fn a_lane_without_a_limit_starts_a_thread_for_each_job_and_uses_it_again() {
        let lane = Lane::unlimited();
        let (release, hold) = mpsc::channel::<()>();
        let hold = Arc::new(Mutex::new(hold));
        let held: Vec<_> = (0..THREADS + 10)
            .map(|_| {
                let hold = Arc::clone(&hold);
                lane.call(move || {
                    let _ = lock(&hold).recv();
                })
            })
            .collect();
        assert_eq!(wait(lane.call(|| 7)), Some(7));
        drop(release);
        held.into_iter().for_each(|call| assert_eq!(wait(call), Some(())));
        assert!(lock(&lane.0.state).threads <= THREADS + 11);
    }

    #[test]
    fn a_lane_that_hangs_keeps_to_its_threads_and_goes_on_once_it_does_not() {
        let lane = Lane::default();
        let (release, hold) = mpsc::channel::<()>();
        let hold = Arc::new(Mutex::new(hold));
        let calls: Vec<_> = (0..THREADS + 10)
            .map(|n| {
                let hold = Arc::clone(&hold);
                lane.call(move || {
                    let _ = lock(&hold).recv();
                    n
                })
            })
            .collect();
        assert_eq!(lock(&lane.0.state).threads, THREADS);
        drop(release);
        for (n, call) in calls.into_iter().enumerate() {
            assert_eq!(wait(call), Some(n));
        }
    }

    #[test]
    fn a_call_that_panics_does_so_where_it_is_awaited() {
        let lane = Lane::default();
        let call = lane.call(|| panic!("on purpose"));
        let caught = catch_unwind(AssertUnwindSafe(|| wait(call)));
        assert!(caught.is_err());
        assert_eq!(wait(lane.call(|| 7)), Some(7));
    }

    #[test]
    fn a_call_of_a_runtime_without_threads_is_made_in_another_thread() {
        let here = thread::current().id();
        assert_ne!(wait(unblock(|| thread::current().id())), here);
        let caught = catch_unwind(|| wait(unblock(|| panic!("on purpose"))));
        assert!(caught.is_err());
    }

    #[test]
    fn a_session_has_so_many_calls_and_gets_them_back() {
        let calls = Arc::new(Calls::default());
        let begun: Vec<_> = (0..Calls::MAX).map(|_| calls.begin().unwrap()).collect();
        assert!(calls.begin().is_none());
        drop(begun);
        assert!(calls.begin().is_some());
    }
}
