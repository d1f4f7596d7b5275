// Distributions over similarities, in tiles of rows: a student's and a teacher's side by side.
#include "Relation.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "LossTile.h"
#include "Products.hpp"

namespace {

using namespace jml;

/// Rows whose similarities are in memory at once, for each thread.
constexpr long tile = 64;
constexpr long grain = 16384;

long tiles_of(long rows) { return (rows + tile - 1) / tile; }

JML_INLINE float greatest_of(const float *x, long count) {
  float greatest = x[0];
  long j = 0;
  if (count >= lanesPerVector) {
    Vector best = loose(x);
    for (j = lanesPerVector; j + lanesPerVector <= count; j += lanesPerVector) raise(best, Vector(loose(x + j)));
    greatest = maximum(best);
  }
  for (; j < count; ++j) greatest = std::max(greatest, x[j]);
  return greatest;
}

/// Logarithms of both softmax denominators of a row, and its divergence.
JML_MULTIVERSION
double row_divergence(const float *s, const float *t, long count, float scale, float *student_log, float *teacher_log) {
  const float top = greatest_of(s, count) * scale, teacher_top = greatest_of(t, count) * scale;
  Vector total = {}, teacher_total = {}, weighted = {};
  long j = 0;
  for (; j + lanesPerVector <= count; j += lanesPerVector) {
    const Vector a = Vector(loose(s + j)) * scale, b = Vector(loose(t + j)) * scale;
    Vector e = a - top, f = b - teacher_top;
    exponentiate(e);
    exponentiate(f);
    total += e;
    teacher_total += f;
    weighted += f * (b - a);
  }
  double sum_s = sum(total), sum_t = sum(teacher_total), sum_w = sum(weighted);
  for (; j < count; ++j) {
    const float a = s[j] * scale, b = t[j] * scale, f = std::exp(b - teacher_top);
    sum_s += std::exp(a - top);
    sum_t += f;
    sum_w += f * (b - a);
  }
  const double log_s = top + std::log(sum_s), log_t = teacher_top + std::log(sum_t);
  *student_log = (float)log_s;
  *teacher_log = (float)log_t;
  return sum_w / sum_t - log_t + log_s;
}

/// out = gain * (softmax(s) - softmax(t)), with the logarithms of the denominators known; may be in place on s.
JML_MULTIVERSION
void row_gradient(const float *s, const float *t, long count, float scale, float gain, float log_s, float log_t,
                  float *out) {
  long j = 0;
  for (; j + lanesPerVector <= count; j += lanesPerVector) {
    Vector e = Vector(loose(s + j)) * scale - log_s, f = Vector(loose(t + j)) * scale - log_t;
    exponentiate(e);
    exponentiate(f);
    loose(out + j) = (e - f) * gain;
  }
  for (; j < count; ++j) out[j] = gain * (std::exp(s[j] * scale - log_s) - std::exp(t[j] * scale - log_t));
}

/// The same for a row of similarities that also stands as a column of another image's: its entries' share in the
/// distributions of the keys, whose denominators differ from entry to entry, is added.
JML_MULTIVERSION
void mutual_gradient(float *s, const float *t, long count, float scale, float gain, float log_s, float log_t,
                     const float *key_log_s, const float *key_log_t) {
  long j = 0;
  for (; j + lanesPerVector <= count; j += lanesPerVector) {
    const Vector a = Vector(loose(s + j)) * scale, b = Vector(loose(t + j)) * scale;
    Vector e = a - log_s, f = b - log_t, g = a - Vector(loose(key_log_s + j)), h = b - Vector(loose(key_log_t + j));
    exponentiate(e);
    exponentiate(f);
    exponentiate(g);
    exponentiate(h);
    loose(s + j) = (e - f + g - h) * gain;
  }
  for (; j < count; ++j) {
    const float a = s[j] * scale, b = t[j] * scale;
    s[j] = gain * (std::exp(a - log_s) - std::exp(b - log_t) + std::exp(a - key_log_s[j]) - std::exp(b - key_log_t[j]));
  }
}

JML_MULTIVERSION
void unit_row(const float *x, long channels, float epsilon, float *norm, float *y) {
  double square = 0;
  for (long c = 0; c < channels; ++c) square += (double)x[c] * x[c];
  *norm = (float)std::sqrt(square);
  const float inverse = 1 / std::max(*norm, epsilon);
  for (long c = 0; c < channels; ++c) y[c] = x[c] * inverse;
}

JML_MULTIVERSION
void unit_row_gradient(const float *y, long channels, float epsilon, float norm, const float *dy, float *dx) {
  double along = 0;
  for (long c = 0; c < channels; ++c) along += (double)y[c] * dy[c];
  const float inverse = norm > epsilon ? 1 / norm : 0.0f, part = (float)along;
  for (long c = 0; c < channels; ++c) dx[c] = (dy[c] - y[c] * part) * inverse;
}

/// y = sign > 0 ? x : slope * x.
JML_MULTIVERSION
void leak(const float *sign, const float *x, long count, float slope, float *y) {
  for (long i = 0; i < count; ++i) y[i] = sign[i] > 0 ? x[i] : slope * x[i];
}

double sum_in_order(const std::vector<double> &parts) {
  double total = 0;
  for (double part : parts) total += part;
  return total;
}

}  // namespace

void jml_matrix_product(int kind, long m, long n, long k, const float *a, const float *b, float *c) {
  prepare_blas();
  parallel_for(tiles_of(m), 1, [&](long first, long last) {
    for (long i = first; i < last; ++i) {
      const long row = i * tile, rows = std::min(tile, m - row);
      if (kind == jml_product_nn) product(rows, n, k, a + row * k, k, b, n, 0, c + row * n, n);
      else if (kind == jml_product_nt) product_nt(rows, n, k, a + row * k, k, b, k, 0, c + row * n, n);
      else product_tn(rows, n, k, a + row, m, b, n, 0, c + row * n, n);
    }
  });
}

double jml_row_divergence(long rows, long count, float scale, float gain, const float *s, const float *t, float *ds) {
  std::vector<double> parts(rows);
  parallel_for(rows, std::max<long>(1, grain / count), [&](long first, long last) {
    for (long r = first; r < last; ++r) {
      const float *a = s + r * count, *b = t + r * count;
      float log_s, log_t;
      parts[r] = row_divergence(a, b, count, scale, &log_s, &log_t);
      row_gradient(a, b, count, scale, gain, log_s, log_t, ds + r * count);
    }
  });
  return sum_in_order(parts);
}

double jml_relation_divergence(const jml_relation *r, const float *anchors, const float *keys,
                               const float *teacher_anchors, const float *teacher_keys, float *danchors) {
  prepare_blas();
  const long ds = r->student_width, dt = r->teacher_width, count = r->keys;
  std::vector<double> parts(tiles_of(r->anchors));
  parallel_for(tiles_of(r->anchors), 1, [&](long first, long last) {
    std::vector<float> s(tile * count), t(tile * count);
    for (long i = first; i < last; ++i) {
      const long row = i * tile, rows = std::min(tile, r->anchors - row);
      product_nt(rows, count, ds, anchors + row * ds, ds, keys, ds, 0, s.data(), count);
      product_nt(rows, count, dt, teacher_anchors + row * dt, dt, teacher_keys, dt, 0, t.data(), count);
      double part = 0;
      for (long q = 0; q < rows; ++q) {
        float *a = s.data() + q * count, *b = t.data() + q * count, log_s, log_t;
        part += row_divergence(a, b, count, r->scale, &log_s, &log_t);
        row_gradient(a, b, count, r->scale, r->gain * r->scale, log_s, log_t, a);
      }
      parts[i] = part;
      product(rows, ds, count, s.data(), count, keys, ds, 0, danchors + row * ds, ds);
    }
  });
  return sum_in_order(parts);
}

double jml_mutual_relation_divergence(const jml_mutual_relation *r, const float *student, const float *teacher,
                                      float *dstudent) {
  prepare_blas();
  const long images = r->images, n = r->pixels, ds = r->student_width, dt = r->teacher_width, tiles = tiles_of(n);
  // By pair and row: logarithms of the denominators, without which the second pass could not see an entry's column.
  std::vector<float> logs(images * images * n), teacher_logs(images * images * n);
  std::vector<double> parts(images * images * tiles);
  const auto similarities = [&](long i, long j, long row, long rows, float *s, float *t) {
    product_nt(rows, n, ds, student + (i * n + row) * ds, ds, student + j * n * ds, ds, 0, s, n);
    product_nt(rows, n, dt, teacher + (i * n + row) * dt, dt, teacher + j * n * dt, dt, 0, t, n);
  };
  parallel_for(images * images * tiles, 1, [&](long first, long last) {
    std::vector<float> s(tile * n), t(tile * n);
    for (long task = first; task < last; ++task) {
      const long pair = task / tiles, row = task % tiles * tile, rows = std::min(tile, n - row);
      similarities(pair / images, pair % images, row, rows, s.data(), t.data());
      double part = 0;
      for (long q = 0; q < rows; ++q)
        part += row_divergence(s.data() + q * n, t.data() + q * n, n, r->scale, &logs[pair * n + row + q],
                               &teacher_logs[pair * n + row + q]);
      parts[task] = part;
    }
  });
  parallel_for(images * tiles, 1, [&](long first, long last) {
    std::vector<float> s(tile * n), t(tile * n);
    for (long task = first; task < last; ++task) {
      const long i = task / tiles, row = task % tiles * tile, rows = std::min(tile, n - row);
      for (long j = 0; j < images; ++j) {
        similarities(i, j, row, rows, s.data(), t.data());
        const long own = (i * images + j) * n + row, other = (j * images + i) * n;
        for (long q = 0; q < rows; ++q)
          mutual_gradient(s.data() + q * n, t.data() + q * n, n, r->scale, r->gain * r->scale, logs[own + q],
                          teacher_logs[own + q], &logs[other], &teacher_logs[other]);
        product(rows, ds, n, s.data(), n, student + j * n * ds, ds, j == 0 ? 0.0f : 1.0f,
                dstudent + (i * n + row) * ds, ds);
      }
    }
  });
  return sum_in_order(parts);
}

void jml_unit_rows_forward(long rows, long channels, float epsilon, const float *x, float *norms, float *y) {
  parallel_for(rows, std::max<long>(1, grain / channels), [&](long first, long last) {
    for (long r = first; r < last; ++r) unit_row(x + r * channels, channels, epsilon, norms + r, y + r * channels);
  });
}

void jml_unit_rows_backward(long rows, long channels, float epsilon, const float *y, const float *norms,
                            const float *dy, float *dx) {
  parallel_for(rows, std::max<long>(1, grain / channels), [&](long first, long last) {
    for (long r = first; r < last; ++r)
      unit_row_gradient(y + r * channels, channels, epsilon, norms[r], dy + r * channels, dx + r * channels);
  });
}

void jml_leaky_forward(long count, float slope, const float *x, float *y) {
  parallel_for(count, grain, [&](long a, long b) { leak(x + a, x + a, b - a, slope, y + a); });
}

void jml_leaky_backward(long count, float slope, const float *y, const float *dy, float *dx) {
  parallel_for(count, grain, [&](long a, long b) { leak(y + a, dy + a, b - a, slope, dx + a); });
}
