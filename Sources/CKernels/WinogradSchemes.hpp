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

/// F(4, 3), points 0, a, -a, b, -b and infinity: 6 products for 4 outputs. a and b are given in sixteenths.
template <int a16, int b16>
struct FourOutputs {
  static constexpr int inputs = 6, outputs = 4, points = 6, start = -1;
  static constexpr double a = a16 / 16.0, b = b16 / 16.0;
  static constexpr float a1 = a, a2 = a * a, a3 = a * a * a, b1 = b, b2 = b * b, b3 = b * b * b;
  /// The scales of G at 0, at -a and a (there with a minus), and at -b and b.
  static constexpr double zero = 1 / (a * a * b * b), near = 1 / (2 * a * a * (b * b - a * a)),
                          far = 1 / (2 * b * b * (b * b - a * a));

  template <typename V>
  static __attribute__((always_inline)) void input(const V *in, int s, V *out, int t) {
    const V p = in[4 * s] - b2 * in[2 * s], q = in[3 * s] - b2 * in[s];
    const V u = in[4 * s] - a2 * in[2 * s], v = in[3 * s] - a2 * in[s];
    out[0] = a2 * b2 * in[0] - (a2 + b2) * in[2 * s] + in[4 * s];
    out[t] = p + a1 * q;
    out[2 * t] = p - a1 * q;
    out[3 * t] = u + b1 * v;
    out[4 * t] = u - b1 * v;
    out[5 * t] = a2 * b2 * in[s] - (a2 + b2) * in[3 * s] + in[5 * s];
  }
  template <typename V>
  static __attribute__((always_inline)) void output(const V *in, int s, V *out, int t) {
    const V p = in[s] + in[2 * s], q = in[s] - in[2 * s];
    const V u = in[3 * s] + in[4 * s], v = in[3 * s] - in[4 * s];
    out[0] = in[0] + p + u;
    out[t] = a1 * q + b1 * v;
    out[2 * t] = a2 * p + b2 * u;
    out[3 * t] = a3 * q + b3 * v + in[5 * s];
  }
  template <typename V>
  static __attribute__((always_inline)) void expand(const V *in, int s, V *out, int t) {
    const V y0 = in[0], y1 = in[s], y2 = in[2 * s], y3 = in[3 * s];
    const V p = y0 + a2 * y2, q = a1 * y1 + a3 * y3, u = y0 + b2 * y2, v = b1 * y1 + b3 * y3;
    out[0] = y0;
    out[t] = p + q;
    out[2 * t] = p - q;
    out[3 * t] = u + v;
    out[4 * t] = u - v;
    out[5 * t] = y3;
  }
  template <typename V>
  static __attribute__((always_inline)) void weights(const V *in, int s, V *out, int t) {
    const V p = in[0] + a2 * in[2 * s], u = in[0] + b2 * in[2 * s], odd = in[s];
    out[0] = in[0] * float(zero);
    out[t] = (p + a1 * odd) * float(-near);
    out[2 * t] = (p - a1 * odd) * float(-near);
    out[3 * t] = (u + b1 * odd) * float(far);
    out[4 * t] = (u - b1 * odd) * float(far);
    out[5 * t] = in[2 * s];
  }
  template <typename V>
  static __attribute__((always_inline)) void contract(const V *in, int s, V *out, int t) {
    const V p = in[s] + in[2 * s], q = in[s] - in[2 * s];
    const V u = in[3 * s] + in[4 * s], v = in[3 * s] - in[4 * s];
    out[0] = in[0] * float(zero) - p * float(near) + u * float(far);
    out[t] = v * float(b * far) - q * float(a * near);
    out[2 * t] = u * float(b * b * far) - p * float(a * a * near) + in[5 * s];
  }
};

/// Points 1 and 2 (Lavin and Gray, CVPR 2016): with operands in float32 the transforms' errors hardly matter.
using WideScheme = FourOutputs<16, 32>;

/// Points 11/16 and 3/2, for operands that are rounded to bfloat16. The transforms multiply rounding errors; on normally
/// distributed operands this pair leaves 1.1 % of the outputs' deviation, where points 1 and 2 leave 2.5 %, and spreads
/// it evenly over a tile. Direct products leave 0.24 %.
using BalancedScheme = FourOutputs<11, 24>;

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
