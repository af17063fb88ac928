/// @file
/// NumPy's .npy files: one array a file.
#pragma once

#include <filesystem>

#include "autograd/tensor.hpp"

namespace gradus {

/// The array in a .npy file, format 1.0, 2.0 or 3.0, row- or column-major (source: NumPy's "NEP 1"). float32,
/// float64, int64 and bool keep their dtype; int32 becomes i64. Big-endian files are refused.
/// @throws IoError if the file cannot be read, FormatError that names the file and what is wrong with it.
Tensor read_npy(const std::filesystem::path& path);

/// Writes `x`, row-major, in format 1.0, all or nothing. @throws IoError.
void write_npy(const std::filesystem::path& path, const Tensor& x);

}  // namespace gradus
