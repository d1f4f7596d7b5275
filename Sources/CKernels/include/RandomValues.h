#pragma once
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Philox4x32-10 before a block.
typedef struct {
  uint32_t key[2];
  uint32_t counter[4];
} jml_random_stream;

typedef enum {
  /// In [-scale, scale).
  jml_uniform,
  /// Of deviation `scale`; a pair of values (Box and Muller) from each block.
  jml_normal,
} jml_distribution;

/// The next outputs * inputs * taps values of a stream, which row-major [outputs, inputs, taps] takes in their order, stored
/// as [taps, inputs, outputs]; with inputs = taps = 1 the order is the stream's. Bits are those of the C library's log, sin
/// and cos, value after value, with any number of threads and any instructions.
void jml_random_values(const jml_random_stream *stream, jml_distribution distribution, double scale, long outputs,
                       long inputs, long taps, float *values);

#ifdef __cplusplus
}
#endif
