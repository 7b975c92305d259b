/// The steps of switching an area on, in their order. Tests fail after each of them and look
/// whether anything is left.
enum SwapStep: CaseIterable {
    /// The area exists, and this command holds its lock.
    case opened
    /// It has its size.
    case sized
    /// It begins with a swap header.
    case formatted
    /// A loop device stands on it.
    case attached
    /// That device has direct I/O and sectors of a page.
    case verified
    /// Its queue is set up for swap.
    case tuned
    /// Its work stays where it comes from, if that was asked for.
    case localized
    /// The kernel reads as many pages at once as was asked for.
    case readAhead
    /// The kernel swaps to it.
    case activated
}
