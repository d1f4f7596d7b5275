// Attention in tiles of queries: scores live in the cache only, and the backward pass computes them again.
#include <algorithm>
#include <cmath>
#include <vector>

#include "LossTile.h"
#include "Products.hpp"
#include "Tokens.h"

namespace {

using namespace jml;

/// Queries whose scores are computed at once.
constexpr long tile = 128;
/// Queries a partial sum of the gradients by keys and values runs over.
constexpr long chunk = 2048;

/// Row of scores -> exponentials; returns their sum, and the scaled maximum in `top`.
JML_MULTIVERSION
void softmax_row(float *s, long count, float scale, float *top, float *total) {
  float greatest = s[0];
  long j = 0;
  if (count >= lanesPerVector) {
    Vector best = loose(s);
    for (j = lanesPerVector; j + lanesPerVector <= count; j += lanesPerVector) raise(best, Vector(loose(s + j)));
    greatest = maximum(best);
  }
  for (; j < count; ++j) greatest = std::max(greatest, s[j]);
  Vector sums = {};
  const float offset = greatest * scale;
  for (j = 0; j + lanesPerVector <= count; j += lanesPerVector) {
    Vector e = Vector(loose(s + j)) * scale - offset;
    exponentiate(e);
    loose(s + j) = e;
    sums += e;
  }
  float rest = 0;
  for (; j < count; ++j) rest += s[j] = std::exp(s[j] * scale - offset);
  *top = offset;
  *total = sum(sums) + rest;
}

/// Scores -> attention weights, with the logarithm of the denominator known.
JML_MULTIVERSION
void weights_row(float *s, long count, float scale, float log_sum) {
  long j = 0;
  for (; j + lanesPerVector <= count; j += lanesPerVector) {
    Vector e = Vector(loose(s + j)) * scale - log_sum;
    exponentiate(e);
    loose(s + j) = e;
  }
  for (; j < count; ++j) s[j] = std::exp(s[j] * scale - log_sum);
}

JML_MULTIVERSION
void scale_row(float *x, long count, float factor) {
  for (long i = 0; i < count; ++i) x[i] *= factor;
}

/// ds = p * (dp - delta) * scale, in place on dp.
JML_MULTIVERSION
void score_gradient(const float *p, float *dp, long count, float delta, float scale) {
  for (long i = 0; i < count; ++i) dp[i] = p[i] * (dp[i] - delta) * scale;
}

float dot(const float *a, const float *b, long count) {
  float total = 0;
  for (long i = 0; i < count; ++i) total += a[i] * b[i];
  return total;
}

JML_MULTIVERSION
void add_range(const float *x, long count, float *y) {
  for (long i = 0; i < count; ++i) y[i] += x[i];
}

}  // namespace

void jml_attention_forward(const jml_attention *a, const float *q, const float *kv, float *log_sums, float *out) {
  prepare_blas();
  const long width = a->heads * a->depth, tiles = (a->queries + tile - 1) / tile;
  const float scale = 1.0f / std::sqrt((float)a->depth);
  parallel_for(a->batch * a->heads * tiles, 1, [&](long first, long last) {
    std::vector<float> scores(tile * a->keys);
    for (long task = first; task < last; ++task) {
      const long head = task / tiles % a->heads, image = task / tiles / a->heads, start = task % tiles * tile;
      const long rows = std::min(tile, a->queries - start);
      const long offset = (image * a->queries + start) * width + head * a->depth;
      const float *keys = kv + image * a->keys * 2 * width + head * a->depth, *values = keys + width;
      product_nt(rows, a->keys, a->depth, q + offset, width, keys, 2 * width, 0, scores.data(), a->keys);
      float inverse[tile];
      float *logs = log_sums + (image * a->heads + head) * a->queries + start;
      for (long r = 0; r < rows; ++r) {
        float top, total;
        softmax_row(scores.data() + r * a->keys, a->keys, scale, &top, &total);
        logs[r] = top + std::log(total);
        inverse[r] = 1 / total;
      }
      product(rows, a->depth, a->keys, scores.data(), a->keys, values, 2 * width, 0, out + offset, width);
      for (long r = 0; r < rows; ++r) scale_row(out + offset + r * width, a->depth, inverse[r]);
    }
  });
}

void jml_attention_backward(const jml_attention *a, const float *q, const float *kv, const float *log_sums,
                            const float *out, const float *dout, float *dq, float *dkv) {
  prepare_blas();
  const long width = a->heads * a->depth, chunks = (a->queries + chunk - 1) / chunk;
  const float scale = 1.0f / std::sqrt((float)a->depth);
  // By task: gradients by keys, then by values, each [keys, depth].
  const long half = a->keys * a->depth;
  std::vector<float> partial(a->batch * a->heads * chunks * 2 * half);
  parallel_for(a->batch * a->heads * chunks, 1, [&](long first, long last) {
    std::vector<float> weights(tile * a->keys), gradient(tile * a->keys);
    for (long task = first; task < last; ++task) {
      const long head = task / chunks % a->heads, image = task / chunks / a->heads;
      const long begin = task % chunks * chunk, end = std::min(begin + chunk, a->queries);
      const float *keys = kv + image * a->keys * 2 * width + head * a->depth, *values = keys + width;
      float *dkeys = partial.data() + task * 2 * half, *dvalues = dkeys + half;
      for (long start = begin; start < end; start += tile) {
        const long rows = std::min(tile, end - start);
        const long offset = (image * a->queries + start) * width + head * a->depth;
        const float *logs = log_sums + (image * a->heads + head) * a->queries + start;
        const float beta = start == begin ? 0.0f : 1.0f;
        product_nt(rows, a->keys, a->depth, q + offset, width, keys, 2 * width, 0, weights.data(), a->keys);
        for (long r = 0; r < rows; ++r) weights_row(weights.data() + r * a->keys, a->keys, scale, logs[r]);
        product_tn(a->keys, a->depth, rows, weights.data(), a->keys, dout + offset, width, beta, dvalues, a->depth);
        product_nt(rows, a->keys, a->depth, dout + offset, width, values, 2 * width, 0, gradient.data(), a->keys);
        for (long r = 0; r < rows; ++r)
          score_gradient(weights.data() + r * a->keys, gradient.data() + r * a->keys, a->keys,
                         dot(out + offset + r * width, dout + offset + r * width, a->depth), scale);
        product(rows, a->depth, a->keys, gradient.data(), a->keys, keys, 2 * width, 0, dq + offset, width);
        product_tn(a->keys, a->depth, rows, gradient.data(), a->keys, q + offset, width, beta, dkeys, a->depth);
      }
    }
  });
  parallel_for(a->batch * a->heads, 1, [&](long first, long last) {
    for (long task = first; task < last; ++task) {
      float *sums = partial.data() + task * chunks * 2 * half;
      for (long c = 1; c < chunks; ++c) add_range(sums + c * 2 * half, 2 * half, sums);
      float *target = dkv + task / a->heads * a->keys * 2 * width + task % a->heads * a->depth;
      for (long row = 0; row < a->keys; ++row) {
        std::copy(sums + row * a->depth, sums + (row + 1) * a->depth, target + row * 2 * width);
        std::copy(sums + half + row * a->depth, sums + half + (row + 1) * a->depth, target + row * 2 * width + width);
      }
    }
  });
}
