// Nothing is called: the library is loaded before the program's own, by LD_PRELOAD.
