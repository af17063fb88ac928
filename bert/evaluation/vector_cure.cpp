#include "bert/evaluation/vector_cure.hpp"

// Eigen's AVX-512 code makes GCC 12 warn of values that are set; plain loops are quick enough here.
#define EIGEN_DONT_VECTORIZE
#include <Eigen/Dense>

#include <algorithm>
#include <cmath>

#include "autograd/error.hpp"
#include "autograd/ops.hpp"
#include "autograd/random.hpp"
#include "nn/safetensors.hpp"

namespace gradus::bert {
namespace {

using Matrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

Matrix to_matrix(const Tensor& vectors) {
  if (vectors.rank() != 2 || vectors.size(0) < 2)
    fail<ShapeError>("vectors {}: at least two are wanted, as [N, H]", vectors.shape());
  const std::vector<double> values = vectors.detach().to(DType::f64).to_vector<double>();
  return Eigen::Map<const Matrix>(values.data(), vectors.size(0), vectors.size(1));
}

Tensor to_tensor(const Matrix& matrix) {
  const std::vector<double> values(matrix.data(), matrix.data() + matrix.size());
  return tensor(values, Shape{matrix.rows(), matrix.cols()});
}

/// Eigenvalues of a symmetric matrix and its eigenvectors as columns, the largest first.
struct Directions {
  Eigen::VectorXd values;
  Matrix vectors;

  explicit Directions(const Matrix& symmetric) {
    const Eigen::SelfAdjointEigenSolver<Matrix> solver(symmetric);
    values = solver.eigenvalues().reverse();
    vectors = solver.eigenvectors().rowwise().reverse();
  }
};

/// The map of `remove`: I - U U^T for the first directions.
Matrix without(const Directions& directions, int64_t components) {
  const Matrix gone = directions.vectors.leftCols(components);
  return Matrix::Identity(gone.rows(), gone.rows()) - gone * gone.transpose();
}

/// U L^(-1/2) for the directions that have a variance, at most `components`.
Matrix whitening(const Directions& directions, int64_t components) {
  constexpr double least = 1e-10;
  int64_t there = 0;
  while (there < directions.values.size() && directions.values(there) > least * directions.values(0)) ++there;
  if (components > 0) there = std::min(there, components);
  return directions.vectors.leftCols(there) *
         directions.values.head(there).cwiseSqrt().cwiseInverse().asDiagonal();
}

}  // namespace

Anisotropy anisotropy(const Tensor& vectors, int64_t pairs, uint64_t seed) {
  const Matrix x = to_matrix(vectors);
  const auto rows = static_cast<uint64_t>(x.rows());
  Rng rng(seed);
  Anisotropy found;
  for (int64_t i = 0; i < pairs; ++i) {
    const auto a = static_cast<Eigen::Index>(rng.below(rows));
    auto b = static_cast<Eigen::Index>(rng.below(rows - 1));
    b += b >= a;
    const double lengths = std::max(x.row(a).norm() * x.row(b).norm(), 1e-24);
    found.mean_cosine += x.row(a).dot(x.row(b)) / lengths / static_cast<double>(pairs);
  }
  const Directions directions(x.transpose() * x);
  const double sum = directions.values.sum();
  for (const double value : directions.values)
    found.shares.push_back(sum > 0 ? std::max(value, 0.0) / sum : 0);
  return found;
}

Cure cure_by_name(const std::string& name) {
  if (name == "centre") return Cure::centre;
  if (name == "remove") return Cure::remove;
  if (name == "whiten") return Cure::whiten;
  fail<ValueError>("'{}' is no cure of vectors; choose centre, remove or whiten", name);
}

namespace {

Tensor fitted_matrix(const Matrix& centred, Cure cure, int64_t components) {
  const int64_t width = centred.cols();
  if (components < 0 || components > width)
    fail<ValueError>("{} directions of vectors that have {}", components, width);
  if (cure == Cure::remove && components == width)
    fail<ValueError>("all {} directions of the vectors cannot be removed; nothing would be left", width);
  if (cure == Cure::centre) return to_tensor(Matrix::Identity(width, width));
  const Directions directions(centred.transpose() * centred / static_cast<double>(centred.rows()));
  if (!(directions.values(0) > 0))
    fail<ValueError>("all vectors are the same, so there is no direction in them");
  return to_tensor(cure == Cure::remove ? without(directions, components)
                                        : whitening(directions, components));
}

Matrix centred(const Tensor& vectors) {
  const Matrix x = to_matrix(vectors);
  return x.rowwise() - x.colwise().mean();
}

}  // namespace

VectorCure::VectorCure(const Tensor& vectors, Cure cure, int64_t components)
    : mean(gradus::mean(to_tensor(to_matrix(vectors)), Axes{0})),
      matrix(fitted_matrix(centred(vectors), cure, components)) {}

Tensor VectorCure::operator()(const Tensor& vectors) const {
  return matmul(vectors.to(DType::f64) - mean, matrix).to(vectors.dtype());  // [N, H] -> [N, D]
}

void VectorCure::save(const std::filesystem::path& file, const Notes& notes_of_vectors) const {
  nn::write_safetensors(file, {{"mean", mean}, {"matrix", matrix}}, notes_of_vectors);
}

VectorCure VectorCure::load(const std::filesystem::path& file) {
  nn::SafetensorsFile opened(file);
  const nn::StateDict state = opened.read_all();
  if (state.size() != 2 || !state.contains("mean") || !state.contains("matrix") ||
      state.at("mean").rank() != 1 || state.at("matrix").rank() != 2 ||
      state.at("mean").size(0) != state.at("matrix").size(0))
    fail<FormatError>("{}: is no fitted cure of vectors, which holds mean [H] and matrix [H, D]",
                      file.string());
  return {state.at("mean").to(DType::f64), state.at("matrix").to(DType::f64), opened.metadata()};
}

}  // namespace gradus::bert
