// Depthwise 3x3 convolution of tokens and its gradients.
#include <algorithm>
#include <vector>

#include "Parallel.h"
#include "TokenVectors.hpp"
#include "Tokens.h"

// A lambda has the instructions of the function that it is written in only where it is inlined.
#define JML_HERE __attribute__((always_inline))

namespace {

using namespace jml;

/// Numbers that are worth a thread.
constexpr long grain = 16384;

/// Calls body(column, s0, s1) for the columns at the sides of the image, whose windows reach from s0 up to s1, and in between
/// inner(), for all columns whose windows are whole.
template <typename Side, typename Inner>
JML_INLINE void over_columns(const jml_token_map &m, const Side &side, const Inner &inner) {
  side(0, 1, m.width > 1 ? 3 : 2);
  if (m.width > 2) inner();
  if (m.width > 1) side(m.width - 1, 0, 2);
}

/// Moves a window of `first` up to `last` of three rows along the columns 1 up to width - 1, and calls body(column, window) at
/// each. `x`: one vector of channels of the pixel left above the first window.
template <int first, int last, typename Body>
JML_INLINE void slide(const jml_token_map &m, const float *x, const Body &body) {
  const long line = m.width * m.channels;
  Vector window[9];
#pragma clang loop unroll(full)
  for (int r = first; r < last; ++r)
    for (int s = 0; s < 2; ++s) window[r * 3 + s] = loose(x + r * line + s * m.channels);
  for (long column = 1; column + 1 < m.width; ++column) {
    const float *ahead = x + (column + 1) * m.channels;
    // The next channels of the row that has not been read before.
    __builtin_prefetch(ahead + (last - 1) * line + 2 * lanesPerVector);
#pragma clang loop unroll(full)
    for (int r = first; r < last; ++r) window[r * 3 + 2] = loose(ahead + r * line);
    body(column, window);
#pragma clang loop unroll(full)
    for (int r = first; r < last; ++r) {
      window[r * 3] = window[r * 3 + 1];
      window[r * 3 + 1] = window[r * 3 + 2];
    }
  }
}

/// The columns of a row of pixels whose windows are whole, for one vector of channels.
template <int first, int last>
JML_INLINE void depthwise_inside(
    const jml_token_map &m, const float *x, const Vector (&taps)[9], const Vector &bias, float *out) {
  slide<first, last>(m, x, [&](long column, const Vector(&window)[9]) JML_HERE {
    Vector total = bias;
#pragma clang loop unroll(full)
    for (int t = first * 3; t < last * 3; ++t) total += window[t] * taps[t];
    loose(out + column * m.channels) = total;
  });
}

/// One row of pixels; taps are [9, channels], `turned` reads them in reverse order. `bias` may be null.
JML_MULTIVERSION
void depthwise_row(const jml_token_map &m, long image, long y, const float *x, const float *taps, const float *bias,
                   bool turned, float *out) {
  const long channels = m.channels, line = m.width * channels;
  // Rows of the 3 x 3 window that lie in the image.
  const long first = y > 0 ? 0 : 1, last = y + 1 < m.height ? 3 : 2;
  const float *top = x + (image * m.height + y - 1) * line;
  float *target = out + (image * m.height + y) * line;
  for (long c = 0; c < channels; c += lanesPerVector) {
    const long left = channels - c;
    Vector weights[9], start = {};
    for (long t = 0; t < 9; ++t) load(taps + (turned ? 8 - t : t) * channels + c, left, weights[t]);
    if (bias) load(bias + c, left, start);
    const auto side = [&](long column, long s0, long s1) JML_HERE {
      Vector total = start;
      for (long r = first; r < last; ++r)
        for (long s = s0; s < s1; ++s) {
          Vector a;
          load(top + r * line + (column + s - 1) * channels + c, left, a);
          total += a * weights[r * 3 + s];
        }
      store(total, target + column * channels + c, left);
    };
    over_columns(m, side, [&]() JML_HERE {
      if (left < lanesPerVector) {
        for (long column = 1; column + 1 < m.width; ++column) side(column, 0, 3);
        return;
      }
      const float *from = top + c;
      if (first == 0 && last == 3) depthwise_inside<0, 3>(m, from, weights, start, target + c);
      else if (first == 0) depthwise_inside<0, 2>(m, from, weights, start, target + c);
      else if (last == 3) depthwise_inside<1, 3>(m, from, weights, start, target + c);
      else depthwise_inside<1, 2>(m, from, weights, start, target + c);
    });
  }
}

/// Adds the columns of a row of pixels whose windows are whole to the gradients by taps and bias.
template <int first, int last>
JML_INLINE void gradient_inside(const jml_token_map &m, const float *x, const float *dy, Vector (&total)[10]) {
  slide<first, last>(m, x, [&](long column, const Vector(&window)[9]) JML_HERE {
    const Vector g = loose(dy + column * m.channels);
    total[9] += g;
#pragma clang loop unroll(full)
    for (int t = first * 3; t < last * 3; ++t) total[t] += window[t] * g;
  });
}

/// Adds one row of pixels to the gradients by taps [9, channels] and bias [channels].
JML_MULTIVERSION
void depthwise_gradient_row(const jml_token_map &m, long image, long y, const float *x, const float *dy, float *sums) {
  const long channels = m.channels, line = m.width * channels;
  // Rows of the 3 x 3 window that lie in the image.
  const long first = y > 0 ? 0 : 1, last = y + 1 < m.height ? 3 : 2;
  const float *top = x + (image * m.height + y - 1) * line, *gradient = dy + (image * m.height + y) * line;
  for (long c = 0; c < channels; c += lanesPerVector) {
    const long left = channels - c;
    Vector total[10];
    for (long t = 0; t < 10; ++t) load(sums + t * channels + c, left, total[t]);
    const auto side = [&](long column, long s0, long s1) JML_HERE {
      Vector g;
      load(gradient + column * channels + c, left, g);
      total[9] += g;
      for (long r = first; r < last; ++r)
        for (long s = s0; s < s1; ++s) {
          Vector v;
          load(top + r * line + (column + s - 1) * channels + c, left, v);
          total[r * 3 + s] += v * g;
        }
    };
    over_columns(m, side, [&]() JML_HERE {
      if (left < lanesPerVector) {
        for (long column = 1; column + 1 < m.width; ++column) side(column, 0, 3);
        return;
      }
      const float *from = top + c, *given = gradient + c;
      if (first == 0 && last == 3) gradient_inside<0, 3>(m, from, given, total);
      else if (first == 0) gradient_inside<0, 2>(m, from, given, total);
      else if (last == 3) gradient_inside<1, 3>(m, from, given, total);
      else gradient_inside<1, 2>(m, from, given, total);
    });
    for (long t = 0; t < 10; ++t) store(total[t], sums + t * channels + c, left);
  }
}

/// [channels, 9] to [9, channels].
std::vector<float> taps_of(const float *w, long channels) {
  std::vector<float> taps(9 * channels);
  for (long c = 0; c < channels; ++c)
    for (long t = 0; t < 9; ++t) taps[t * channels + c] = w[c * 9 + t];
  return taps;
}

void depthwise(const jml_token_map &m, const float *x, const float *w, const float *bias, bool turned, float *y) {
  const auto taps = taps_of(w, m.channels);
  parallel_for(m.batch * m.height, std::max<long>(1, grain / (m.width * m.channels)), [&](long a, long b) {
    for (long i = a; i < b; ++i)
      depthwise_row(m, i / m.height, i % m.height, x, taps.data(), bias, turned, y);
  });
}

JML_MULTIVERSION
void add_range(const float *x, float *y, long count) {
  for (long i = 0; i < count; ++i) y[i] += x[i];
}

}  // namespace

void jml_token_depthwise_forward(const jml_token_map *m, const float *x, const float *w, const float *bias, float *y) {
  depthwise(*m, x, w, bias, false, y);
}

void jml_token_depthwise_backward_data(const jml_token_map *m, const float *dy, const float *w, float *dx) {
  depthwise(*m, dy, w, nullptr, true, dx);
}

void jml_token_depthwise_backward_weights(const jml_token_map *m, const float *x, const float *dy, float *dw,
                                          float *dbias) {
  constexpr long rows = 8;  // of pixels, that a partial sum runs over
  const long bands = (m->height + rows - 1) / rows, size = 10 * m->channels;
  std::vector<float> partial(m->batch * bands * size, 0.0f);
  parallel_for(m->batch * bands, 1, [&](long a, long b) {
    for (long i = a; i < b; ++i) {
      const long first = i % bands * rows, last = std::min(first + rows, m->height);
      for (long y = first; y < last; ++y)
        depthwise_gradient_row(*m, i / bands, y, x, dy, partial.data() + i * size);
    }
  });
  for (long i = 1; i < m->batch * bands; ++i) add_range(partial.data() + i * size, partial.data(), size);
  for (long c = 0; c < m->channels; ++c) {
    for (long t = 0; t < 9; ++t) dw[c * 9 + t] = partial[t * m->channels + c];
    dbias[c] = partial[9 * m->channels + c];
  }
}
