/** A Worker that is gone before it has done anything, as one that ran out of memory. */
self.close();
