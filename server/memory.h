// How the process keeps memory that it has freed.

#pragma once

namespace millrace::server {

// Has the allocator keep what is freed, within bounds, for requests and answers of up to a few
// megabytes that come and go by the thousand: given back to the system each time, their memory
// would have to be mapped and cleared again. Before the first thread begins. Does nothing where the
// allocator is not glibc's.
void keep_freed_memory();

// Gives back to the system what is free between blocks that are in use. Without it what a burst has
// left free stays with the process. Takes some milliseconds, in which other threads may have to
// wait for memory. Does nothing where the allocator is not glibc's.
void give_back_free_memory();

}  // namespace millrace::server
