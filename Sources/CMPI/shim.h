#pragma once
// Debian's alternative of the name is whichever library is installed, in the compiler's own path, so that a build without MPI
// need not know of it. MPICH's header looks for one of its parts as if its folder were in the path. Elsewhere the include path
// of mpicc is needed (CPATH).
#if __has_include(<mpi/mpi_proto.h>)
#define MPICH_SUPPRESS_PROTOTYPES
#include <mpi/mpi.h>
#include <mpi/mpi_proto.h>
#elif __has_include(<mpi/mpi.h>)
#include <mpi/mpi.h>
#else
#include <mpi.h>
#endif
#include <stdio.h>
#include <stdlib.h>

// Constants of MPI are macros, in one library of pointers to structs, which Swift does not import: each call has a function
// here. All return MPI's code. One thread of a process calls them.

/// What one process has of the library. What is blocking and what is on its way have communicators of their own, since
/// each wants its calls in one order on all ranks.
typedef struct {
  MPI_Comm control, scatter, collect;
  int rank, size;
} jml_mpi;

typedef struct {
  MPI_Request request;
} jml_mpi_request;

static inline int jml_mpi_success(void) { return MPI_SUCCESS; }

/// Starts the library; errors come back as codes from then on.
static inline int jml_mpi_start(jml_mpi *mpi) {
  int provided = 0, code = MPI_Init_thread(NULL, NULL, MPI_THREAD_FUNNELED, &provided);
  if (code != MPI_SUCCESS) return code;
  if (provided < MPI_THREAD_FUNNELED) return MPI_ERR_UNSUPPORTED_OPERATION;
  MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
  // A duplicate has the handler of the original.
  if ((code = MPI_Comm_dup(MPI_COMM_WORLD, &mpi->control)) != MPI_SUCCESS) return code;
  if ((code = MPI_Comm_dup(MPI_COMM_WORLD, &mpi->scatter)) != MPI_SUCCESS) return code;
  if ((code = MPI_Comm_dup(MPI_COMM_WORLD, &mpi->collect)) != MPI_SUCCESS) return code;
  if ((code = MPI_Comm_rank(MPI_COMM_WORLD, &mpi->rank)) != MPI_SUCCESS) return code;
  return MPI_Comm_size(MPI_COMM_WORLD, &mpi->size);
}

static inline int jml_mpi_end(void) { return MPI_Finalize(); }

/// Ends every rank.
static inline void jml_mpi_abort(int code) {
  MPI_Abort(MPI_COMM_WORLD, code);
  // Where the library comes back.
  _Exit(code);
}

/// The library's words for a code; `text` has room for `capacity` bytes.
static inline void jml_mpi_reason(int code, char *text, int capacity) {
  char words[MPI_MAX_ERROR_STRING + 1];
  int length = 0;
  if (MPI_Error_string(code, words, &length) != MPI_SUCCESS) length = 0;
  words[length] = 0;
  snprintf(text, (size_t)capacity, "%s", length > 0 ? words : "unknown error");
}

static inline int jml_mpi_gather(jml_mpi *mpi, const void *own, int count, void *all, const int *counts,
                                 const int *starts) {
  return MPI_Allgatherv(own, count, MPI_BYTE, all, counts, starts, MPI_BYTE, mpi->control);
}

/// Starts to send each rank its slice of `own`, and to receive this rank's slice of everybody's. No array may change before
/// the request is done.
static inline int jml_mpi_start_scatter(jml_mpi *mpi, const float *own, const int *counts, const int *starts,
                                        float *received, const int *received_counts, const int *received_starts,
                                        jml_mpi_request *request) {
  return MPI_Ialltoallv(own, counts, starts, MPI_FLOAT, received, received_counts, received_starts, MPI_FLOAT,
                        mpi->scatter, &request->request);
}

/// Starts to collect everybody's slice of `all`, of which this rank's is in its place.
static inline int jml_mpi_start_collect(jml_mpi *mpi, float *all, const int *counts, const int *starts,
                                        jml_mpi_request *request) {
  return MPI_Iallgatherv(MPI_IN_PLACE, 0, MPI_DATATYPE_NULL, all, counts, starts, MPI_FLOAT, mpi->collect,
                         &request->request);
}

static inline int jml_mpi_test(jml_mpi_request *request, int *done) {
  return MPI_Test(&request->request, done, MPI_STATUS_IGNORE);
}

static inline int jml_mpi_wait(jml_mpi_request *request) { return MPI_Wait(&request->request, MPI_STATUS_IGNORE); }
