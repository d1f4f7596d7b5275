#pragma once
#include <cblas.h>

#include <vector>

#include "Parallel.h"

namespace jml {

/// OpenBLAS runs single-threaded: work is split here, on the pool that oneDNN uses, so that one set of threads
/// serves both and the bits do not depend on how the library splits a product.
inline void prepare_blas() {
  static const bool once = (openblas_set_num_threads(1), true);
  (void)once;
}

/// Touches the pages of this thread's packing buffer, once a thread (2 ms). The library's AVX2 kernel prefetches
/// beyond what small products pack; while those pages have never been written, such a product takes three times as
/// long.
inline void touch_packing_buffer() {
  static thread_local bool touched = false;
  if (touched) return;
  touched = true;
  constexpr long wide = 512, rows = 144;
  const std::vector<float> zeros(wide * wide, 0.0f);
  std::vector<float> result(rows * wide);
  cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, rows, wide, wide, 1, zeros.data(), wide, zeros.data(), wide, 0,
              result.data(), wide);
}

/// c[m, n] = beta * c + a[m, k] * b[k, n], row-major.
inline void product(long m, long n, long k, const float *a, long lda, const float *b, long ldb, float beta,
                    float *c, long ldc) {
  touch_packing_buffer();
  cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, m, n, k, 1, a, lda, b, ldb, beta, c, ldc);
}

/// c[m, n] = beta * c + a[k, m]^T * b[k, n], row-major.
inline void product_tn(long m, long n, long k, const float *a, long lda, const float *b, long ldb, float beta,
                       float *c, long ldc) {
  touch_packing_buffer();
  cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, m, n, k, 1, a, lda, b, ldb, beta, c, ldc);
}

/// c[m, n] = beta * c + a[m, k] * b[n, k]^T, row-major.
inline void product_nt(long m, long n, long k, const float *a, long lda, const float *b, long ldb, float beta,
                       float *c, long ldc) {
  touch_packing_buffer();
  cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, m, n, k, 1, a, lda, b, ldb, beta, c, ldc);
}

}  // namespace jml
