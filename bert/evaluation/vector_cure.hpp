/// @file
/// Vectors that all point the same way, and what can be done about it without training.
///
/// The vectors of a BERT lie in a narrow cone: two texts that have nothing to do with each other have a large
/// cosine (Ethayarajh 2019, "How Contextual are Contextualized Word Representations?"). A few directions that
/// all vectors share make it, and they can be taken out.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "autograd/tensor.hpp"

namespace gradus::bert {

/// How a cloud of vectors lies.
struct Anisotropy {
  double mean_cosine = 0;  ///< of random pairs; 0 for a cloud that lies evenly around the origin
  /// How much of the sum of squares each direction holds, the largest first: the squared singular values of
  /// the vectors, divided by their sum. Even would be 1 / H each.
  std::vector<double> shares{};
};

/// Of vectors [N, H]; the cosine of `pairs` pairs of different vectors, which the seed draws.
/// @throws ShapeError for other shapes and for fewer than two vectors.
Anisotropy anisotropy(const Tensor& vectors, int64_t pairs = 10'000, uint64_t seed = 0);

enum class Cure {
  centre,  ///< x - m
  remove,  ///< x - m without its parts along the directions of most variance (Mu and Viswanath 2018, "All-but-the-Top")
  whiten  ///< (x - m) U L^(-1/2): all directions with the same variance (Su et al. 2021, "Whitening Sentence
          ///< Representations")
};

/// @throws ValueError for another name than centre, remove and whiten.
Cure cure_by_name(const std::string& name);

/// A map x -> (x - m) W that is fitted to some vectors, kept, and used for others.
class VectorCure {
 public:
  /// m is the mean of `vectors` [N, H]; U and L are the eigenvectors and eigenvalues of their covariance
  /// (with 1 / N).
  /// `components`: for remove, how many directions go; for whiten, how many stay (0: all). Directions with
  /// less than 1e-10 of the largest eigenvalue cannot be whitened and are left out.
  /// @throws ShapeError for other shapes and for fewer than two vectors; ValueError for more components than
  ///         there are directions, and where all vectors are the same.
  VectorCure(const Tensor& vectors, Cure cure, int64_t components);

  Tensor operator()(const Tensor& vectors) const;  ///< [N, H] -> [N, D]

  /// Notes of what the vectors came from, such as the layers: kept in the file, and read back.
  using Notes = std::map<std::string, std::string>;

  /// Keeps m and W as a safetensors file. @throws IoError.
  void save(const std::filesystem::path& file, const Notes& notes = {}) const;
  /// @throws IoError; FormatError that names the file for one that save() did not write.
  static VectorCure load(const std::filesystem::path& file);

  const Tensor mean;    ///< f64 [H]
  const Tensor matrix;  ///< f64 [H, D]
  const Notes notes;    ///< of the file that it was loaded from

 private:
  VectorCure(Tensor of_mean, Tensor of_matrix, Notes of_file)
      : mean(std::move(of_mean)), matrix(std::move(of_matrix)), notes(std::move(of_file)) {}
};

}  // namespace gradus::bert
