#pragma once
// One-dimensional Winograd schemes for kernels of three taps: y = A^T [ (G g) . (B^T d) ].
//
// A two-dimensional transform applies one scheme down the columns and one along the rows, so each is written once.
// Every function maps `in[i * s]` to `out[i * t]`; V is a vector of channels.
//
//   inputs, outputs, points   numbers of d, y and products
//   start                     where d begins, from the first output
//   input     B^T             activations to points
//   output    A^T             points to outputs
//   expand    A               gradients of outputs to points
//   weights   G               taps to points
//   contract  G^T             gradients of points to taps

namespace jml {

/// F(4, 3), points 0, 1, -1, 2, -2 and infinity (Lavin and Gray, CVPR 2016): 6 products for 4 outputs.
struct WideScheme {
  static constexpr int inputs = 6, outputs = 4, points = 6, start = -1;

  template <typename V>
  static __attribute__((always_inline)) void input(const V *in, int s, V *out, int t) {
    const V a = in[4 * s] - 4 * in[2 * s], b = in[3 * s] - 4 * in[s];
    const V c = in[4 * s] - in[2 * s], d = 2 * (in[3 * s] - in[s]);
    out[0] = 4 * in[0] - 5 * in[2 * s] + in[4 * s];
    out[t] = a + b;
    out[2 * t] = a - b;
    out[3 * t] = c + d;
    out[4 * t] = c - d;
    out[5 * t] = 4 * in[s] - 5 * in[3 * s] + in[5 * s];
  }
  template <typename V>
  static __attribute__((always_inline)) void output(const V *in, int s, V *out, int t) {
    const V p = in[s] + in[2 * s], q = in[s] - in[2 * s];
    const V u = in[3 * s] + in[4 * s], v = in[3 * s] - in[4 * s];
    out[0] = in[0] + p + u;
    out[t] = q + 2 * v;
    out[2 * t] = p + 4 * u;
    out[3 * t] = q + 8 * v + in[5 * s];
  }
  template <typename V>
  static __attribute__((always_inline)) void expand(const V *in, int s, V *out, int t) {
    const V y0 = in[0], y1 = in[s], y2 = in[2 * s], y3 = in[3 * s];
    const V a = y0 + y2, b = y1 + y3, c = y0 + 4 * y2, d = 2 * y1 + 8 * y3;
    out[0] = y0;
    out[t] = a + b;
    out[2 * t] = a - b;
    out[3 * t] = c + d;
    out[4 * t] = c - d;
    out[5 * t] = y3;
  }
  template <typename V>
  static __attribute__((always_inline)) void weights(const V *in, int s, V *out, int t) {
    const V even = in[0] + in[2 * s], wide = in[0] + 4 * in[2 * s], b = in[s];
    out[0] = in[0] * 0.25f;
    out[t] = (even + b) * (-1.0f / 6);
    out[2 * t] = (even - b) * (-1.0f / 6);
    out[3 * t] = (wide + 2 * b) * (1.0f / 24);
    out[4 * t] = (wide - 2 * b) * (1.0f / 24);
    out[5 * t] = in[2 * s];
  }
  template <typename V>
  static __attribute__((always_inline)) void contract(const V *in, int s, V *out, int t) {
    const V a = in[s] + in[2 * s], b = in[s] - in[2 * s];
    const V c = in[3 * s] + in[4 * s], d = in[3 * s] - in[4 * s];
    out[0] = in[0] * 0.25f - a * (1.0f / 6) + c * (1.0f / 24);
    out[t] = d * (1.0f / 12) - b * (1.0f / 6);
    out[2 * t] = c * (1.0f / 6) - a * (1.0f / 6) + in[5 * s];
  }
};

/// F(2, 3), points 0, 1, -1 and infinity: 4 products for 2 outputs.
struct NarrowScheme {
  static constexpr int inputs = 4, outputs = 2, points = 4, start = -1;

  template <typename V>
  static __attribute__((always_inline)) void input(const V *in, int s, V *out, int t) {
    out[0] = in[0] - in[2 * s];
    out[t] = in[s] + in[2 * s];
    out[2 * t] = in[2 * s] - in[s];
    out[3 * t] = in[s] - in[3 * s];
  }
  template <typename V>
  static __attribute__((always_inline)) void output(const V *in, int s, V *out, int t) {
    out[0] = in[0] + in[s] + in[2 * s];
    out[t] = in[s] - in[2 * s] - in[3 * s];
  }
  template <typename V>
  static __attribute__((always_inline)) void expand(const V *in, int s, V *out, int t) {
    out[0] = in[0];
    out[t] = in[0] + in[s];
    out[2 * t] = in[0] - in[s];
    out[3 * t] = -in[s];
  }
  template <typename V>
  static __attribute__((always_inline)) void weights(const V *in, int s, V *out, int t) {
    const V even = (in[0] + in[2 * s]) * 0.5f, odd = in[s] * 0.5f;
    out[0] = in[0];
    out[t] = even + odd;
    out[2 * t] = even - odd;
    out[3 * t] = in[2 * s];
  }
  template <typename V>
  static __attribute__((always_inline)) void contract(const V *in, int s, V *out, int t) {
    const V half = (in[s] + in[2 * s]) * 0.5f;
    out[0] = in[0] + half;
    out[t] = (in[s] - in[2 * s]) * 0.5f;
    out[2 * t] = half + in[3 * s];
  }
};

/// For an axis of two pixels, all that surrounds them being padding: y0 = g1 (d0 + d1) + (g2 - g1) d1 and
/// y1 = g1 (d0 + d1) + (g0 - g1) d0, 3 products for 2 outputs. Dilation 4 on a map of 8 rows is such a case.
struct PairScheme {
  static constexpr int inputs = 2, outputs = 2, points = 3, start = 0;

  template <typename V>
  static __attribute__((always_inline)) void input(const V *in, int s, V *out, int t) {
    out[0] = in[0] + in[s];
    out[t] = in[s];
    out[2 * t] = in[0];
  }
  template <typename V>
  static __attribute__((always_inline)) void output(const V *in, int s, V *out, int t) {
    out[0] = in[0] + in[s];
    out[t] = in[0] + in[2 * s];
  }
  template <typename V>
  static __attribute__((always_inline)) void expand(const V *in, int s, V *out, int t) {
    out[0] = in[0] + in[s];
    out[t] = in[0];
    out[2 * t] = in[s];
  }
  template <typename V>
  static __attribute__((always_inline)) void weights(const V *in, int s, V *out, int t) {
    out[0] = in[s];
    out[t] = in[2 * s] - in[s];
    out[2 * t] = in[0] - in[s];
  }
  template <typename V>
  static __attribute__((always_inline)) void contract(const V *in, int s, V *out, int t) {
    out[0] = in[2 * s];
    out[t] = in[0] - in[s] - in[2 * s];
    out[2 * t] = in[s];
  }
};

}  // namespace jml
