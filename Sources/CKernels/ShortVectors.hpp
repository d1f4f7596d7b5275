#pragma once
// Vectors of 16 numbers to bfloat16. For functions that are compiled for AVX-512 BF16 only.
#if defined(__x86_64__)
#include <immintrin.h>

#include "ShortProducts.hpp"

/// Compiles what follows for the instructions, until JML_SHORT_END.
#define JML_SHORT_BEGIN                                                                          \
  _Pragma("clang attribute push(__attribute__((target(\"avx512f,avx512bw,avx512vl,avx512dq,avx512bf16\"))), apply_to = function)")
#define JML_SHORT_END _Pragma("clang attribute pop")

JML_SHORT_BEGIN
namespace jml {

/// 16 floats as bfloat16. The instruction takes subnormal numbers as zeros.
inline __attribute__((always_inline)) __m256i shortened(__m512 v) { return (__m256i)_mm512_cvtneps_pbh(v); }
inline __attribute__((always_inline)) __m256i shortened(const float *v) { return shortened(_mm512_loadu_ps(v)); }

/// Two vectors of 16 in pairs: a0 b0 a1 b1 ...
inline __attribute__((always_inline)) __m512i paired(__m512 a, __m512 b) {
  const __m512i both = (__m512i)_mm512_cvtne2ps_pbh(b, a);
  const __m512i order = _mm512_set_epi16(
      31, 15, 30, 14, 29, 13, 28, 12, 27, 11, 26, 10, 25, 9, 24, 8, 23, 7, 22, 6, 21, 5, 20, 4, 19, 3, 18, 2, 17, 1,
      16, 0);
  return _mm512_permutexvar_epi16(order, both);
}
inline __attribute__((always_inline)) __m512i paired(const float *a, const float *b) {
  return paired(_mm512_loadu_ps(a), _mm512_loadu_ps(b));
}

}  // namespace jml
JML_SHORT_END

#endif
