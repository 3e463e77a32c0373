//! Streams whose next item may not have arrived yet.

/// The next item of a stream that is filled from outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pull<T> {
    /// Here it is.
    Item(T),
    /// It has not arrived; ask again after the next answer.
    Wait,
    /// There are no more.
    End,
}
