// The readable twin of the kernels: one column at a time, in double.
#include <cmath>
#include <numbers>
#include <vector>

#include "core/kernels/kernels.hpp"
#include "core/random/stream.hpp"

namespace infans::kernels {
namespace {

constexpr double pi = std::numbers::pi;

double affine(const float* weight, int step, double bias, const double* x, int count) {
  double u = bias;
  for (int i = 0; i < count; ++i) u += double{weight[i * step]} * x[i];
  return u;
}

void column(const FeatureModel& m, const float* z, int n, int stride, float* out, float* jac) {
  const int I = m.inputs, D = m.fourier, H = m.hidden, F = m.features();
  std::vector<double> x(I), phi(F), lower(H);
  std::vector<double> dphi(static_cast<std::size_t>(F) * I), dlower(static_cast<std::size_t>(H) * I);
  for (int i = 0; i < I; ++i) x[i] = z[i * stride + n];
  for (int j = 0; j < D; ++j) {
    const double u = pi * affine(m.frequency + j * I, 1, m.phase[j], x.data(), I);
    phi[j] = std::cos(u);
    for (int i = 0; i < I; ++i) dphi[j * I + i] = -pi * std::sin(u) * m.frequency[j * I + i];
  }
  for (int h = 0; h < H; ++h) {
    lower[h] = std::tanh(affine(m.weight1 + h, H, m.bias1[h], x.data(), I));
    for (int i = 0; i < I; ++i) dlower[h * I + i] = (1 - lower[h] * lower[h]) * m.weight1[i * H + h];
  }
  for (int h = 0; h < H; ++h) {
    const double a = std::tanh(affine(m.weight2 + h, H, m.bias2[h], lower.data(), H));
    phi[D + h] = a;
    for (int i = 0; i < I; ++i) {
      double s = 0;
      for (int k = 0; k < H; ++k) s += double{m.weight2[k * H + h]} * dlower[k * I + i];
      dphi[(D + h) * I + i] = (1 - a * a) * s;
    }
  }
  for (int c = 0; c < m.columns; ++c) {
    double y = 0;
    for (int j = 0; j < F; ++j) y += double{m.readout[j * m.columns + c]} * phi[j];
    out[c * stride + n] = static_cast<float>(y);
    for (int i = 0; jac != nullptr && i < I; ++i) {
      double d = 0;
      for (int j = 0; j < F; ++j) d += double{m.readout[j * m.columns + c]} * dphi[j * I + i];
      jac[(c * I + i) * stride + n] = static_cast<float>(d);
    }
  }
}

void forward(const FeatureModel& m, const float* z, int n, int stride, float* out, float*) {
  for (int k = 0; k < n; ++k) column(m, z, k, stride, out, nullptr);
}

void jacobian(const FeatureModel& m, const float* z, int n, int stride, float* out, float* jac, float*) {
  for (int k = 0; k < n; ++k) column(m, z, k, stride, out, jac);
}

void sincos(const float* x, int n, float* sine, float* cosine) {
  for (int i = 0; i < n; ++i) {
    sine[i] = static_cast<float>(std::sin(double{x[i]}));
    cosine[i] = static_cast<float>(std::cos(double{x[i]}));
  }
}

void log1p(const float* x, int n, float* y) {
  for (int i = 0; i < n; ++i) y[i] = static_cast<float>(std::log1p(double{x[i]}));
}

void normals(const unsigned* counter, const unsigned* key, int blocks, float* out) {
  for (int b = 0; b < blocks; ++b) {
    const auto words =
        random::philox({counter[0] + static_cast<unsigned>(b), counter[1], counter[2], counter[3]}, {key[0], key[1]});
    for (int pair = 0; pair < 2; ++pair) {
      const double share = (static_cast<double>(words[2 * pair] >> 8) + 0.5) * 0x1p-24;
      const double radius = std::sqrt(-2.0 * std::log(share));
      const double angle = pi * static_cast<double>(static_cast<int>(words[2 * pair + 1])) * 0x1p-31;
      out[(2 * pair) * blocks + b] = static_cast<float>(radius * std::cos(angle));
      out[(2 * pair + 1) * blocks + b] = static_cast<float>(radius * std::sin(angle));
    }
  }
}

}  // namespace

const Table& plain() {
  static const Table table = {"plain", forward, jacobian, sincos, log1p, normals};
  return table;
}

}  // namespace infans::kernels
