// Activation functions of a hierarchy and their slopes, for float and double.
#pragma once

#include <Eigen/Dense>
#include <string>

namespace infans::model {

template <typename T>
using MatrixOf = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic>;
template <typename T>
using VectorOf = Eigen::Matrix<T, Eigen::Dynamic, 1>;

enum class Activation { identity, tanh, sigmoid, relu, leaky_relu, gelu, softplus };

inline constexpr double leaky_slope = 0.01;  // of leaky_relu below zero

// out = f(x), element by element; out is resized. gelu is the exact form x Phi(x) (Hendrycks & Gimpel 2016).
template <typename T>
void activate(Activation f, const MatrixOf<T>& x, MatrixOf<T>& out);

// values *= f'(x), where rate = f(x) is known already; relu and leaky_relu take the slope of the left side at 0.
template <typename T>
void times_slope(Activation f, const MatrixOf<T>& x, const MatrixOf<T>& rate, MatrixOf<T>& values);

const char* name_of(Activation f);
// Throws std::invalid_argument that lists the known names.
Activation activation_named(const std::string& name);

}  // namespace infans::model
