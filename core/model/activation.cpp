#include "core/model/activation.hpp"

#include <array>
#include <cmath>
#include <numbers>
#include <stdexcept>
#include <utility>

namespace infans::model {
namespace {

constexpr std::array<std::pair<Activation, const char*>, 7> names{{{Activation::identity, "identity"},
                                                                   {Activation::tanh, "tanh"},
                                                                   {Activation::sigmoid, "sigmoid"},
                                                                   {Activation::relu, "relu"},
                                                                   {Activation::leaky_relu, "leaky_relu"},
                                                                   {Activation::gelu, "gelu"},
                                                                   {Activation::softplus, "softplus"}}};

template <typename T>
T sigmoid(T x) {
  return T(0.5) + T(0.5) * std::tanh(T(0.5) * x);
}

// Standard normal distribution function and density.
template <typename T>
T normal_cdf(T x) {
  return T(0.5) * std::erfc(-x * T(std::numbers::sqrt2 / 2));
}
template <typename T>
T normal_density(T x) {
  return T(std::numbers::inv_sqrtpi / std::numbers::sqrt2) * std::exp(T(-0.5) * x * x);
}

}  // namespace

template <typename T>
void activate(Activation f, const MatrixOf<T>& x, MatrixOf<T>& out) {
  switch (f) {
    case Activation::identity:
      out = x;
      break;
    case Activation::tanh:
      out.array() = x.array().tanh();
      break;
    case Activation::sigmoid:
      out = x.unaryExpr([](T a) { return sigmoid(a); });
      break;
    case Activation::relu:
      out = x.cwiseMax(T(0));
      break;
    case Activation::leaky_relu:
      out = x.cwiseMax(T(leaky_slope) * x);
      break;
    case Activation::gelu:
      out = x.unaryExpr([](T a) { return a * normal_cdf(a); });
      break;
    // ln(1 + e^a) without overflow
    case Activation::softplus:
      out = x.unaryExpr([](T a) { return std::max(a, T(0)) + std::log1p(std::exp(-std::abs(a))); });
      break;
  }
}

template <typename T>
void times_slope(Activation f, const MatrixOf<T>& x, const MatrixOf<T>& rate, MatrixOf<T>& values) {
  switch (f) {
    case Activation::identity:
      break;
    case Activation::tanh:
      values.array() *= T(1) - rate.array().square();
      break;
    case Activation::sigmoid:
      values.array() *= rate.array() * (T(1) - rate.array());
      break;
    case Activation::relu:
      values = (x.array() > T(0)).select(values, T(0));
      break;
    case Activation::leaky_relu:
      values = (x.array() > T(0)).select(values, T(leaky_slope) * values);
      break;
    case Activation::gelu:
      values.array() *= x.unaryExpr([](T a) { return normal_cdf(a) + a * normal_density(a); }).array();
      break;
    case Activation::softplus:
      values.array() *= x.unaryExpr([](T a) { return sigmoid(a); }).array();
      break;
  }
}

const char* name_of(Activation f) {
  for (const auto& [value, name] : names)
    if (value == f) return name;
  throw std::logic_error("name_of: not an activation");
}

Activation activation_named(const std::string& name) {
  std::string known;
  for (const auto& [value, text] : names) {
    if (name == text) return value;
    known += (known.empty() ? "" : ", ") + std::string(text);
  }
  throw std::invalid_argument("activation: there is no '" + name + "'; one of " + known);
}

template void activate(Activation, const MatrixOf<float>&, MatrixOf<float>&);
template void activate(Activation, const MatrixOf<double>&, MatrixOf<double>&);
template void times_slope(Activation, const MatrixOf<float>&, const MatrixOf<float>&, MatrixOf<float>&);
template void times_slope(Activation, const MatrixOf<double>&, const MatrixOf<double>&, MatrixOf<double>&);

}  // namespace infans::model
