/// @file
/// What every chapter's program shares: named sections of output, figures, and a gradient check that prints
/// the same line on every machine.
///
///     void scores_by_hand() {
///       section("Scores by hand");
///       fmt::print("q k = {}\n", dot(q, k));
///       save_figure("weights.svg", plot::draw(map));
///     }
///     int main(int argc, char** argv) { return run_chapter(argc, argv, [] { scores_by_hand(); }); }
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "autograd/gradcheck.hpp"
#include "autograd/tensor.hpp"
#include "plot/picture.hpp"

namespace gradus::tutorials {

/// Runs `body` as the program of a chapter and returns its exit code: 0, 1 when it throws (the message goes
/// to standard error), or 2 when the call is wrong. The program takes `--figures DIR`, the folder of its
/// figures (default: figures, below the working directory), `--keep DIR` (see kept_folder) and `--help`.
/// Every run begins with the same state of default_rng().
int run_chapter(int argc, char** argv, const std::function<void()>& body);

/// Begins a part of the output: prints an empty line (but before the first section) and `== name ==`. A
/// README quotes a section by this name, so a program uses each name once.
/// @throws Error when the name was used before.
void section(std::string_view name);

/// Writes a picture as .svg into the folder of the figures, and names it on standard error.
/// @throws IoError when it cannot be written.
void save_figure(const std::string& name, const plot::Picture& picture);

/// The folder that the call names with `--keep`, for a model that the chapter writes; empty if it names none.
std::filesystem::path kept_folder();

/// Checks the gradient of `fn` at `inputs` (see autograd/gradcheck.hpp) and prints one line of it:
/// `name: 24 derivatives agree with differences to 1e-07`. The worst error itself is left out, since its
/// digits differ from machine to machine.
/// @throws Error with the table of gradcheck when a derivative is wrong.
void check_gradient(std::string_view name, const std::function<Tensor(const std::vector<Tensor>&)>& fn,
                    const std::vector<Tensor>& inputs, const GradcheckOptions& options = {});

/// True under the sanitizers, where a program is five to ten times slower: a chapter that trains for long
/// takes a few steps then, which run the same code and teach nothing.
#ifdef __SANITIZE_ADDRESS__
inline constexpr bool short_run = true;
#else
inline constexpr bool short_run = false;
#endif

/// What a training has shown, for a sentence of the output: `claim`, or true where the run was too short to
/// show it.
constexpr bool shown(bool claim) { return short_run || claim; }

/// Seconds of one call of `fn`: the least of `repeats`, after one call that does not count.
double seconds_of(const std::function<void()>& fn, int repeats = 3);

/// The largest |a - b| of two tensors of the same shape. @throws ShapeError when the shapes differ.
double largest_gap(const Tensor& a, const Tensor& b);

}  // namespace gradus::tutorials
