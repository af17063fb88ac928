/// @file
/// What `gradus pretrain` can be told.
///
/// The options of the library stand here as they are, and their defaults are its own. So a new option takes
/// two places: a member, there or here, and its declaration in pretrain_options.cpp, which is bound to that
/// member.
#pragma once

#include <cstdint>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "app/input/model_files.hpp"
#include "bert/data/pretraining_data.hpp"
#include "bert/model/config.hpp"
#include "bert/training/trainer_options.hpp"

namespace CLI {
class App;
}

namespace gradus::app {

struct PretrainCall {
  bert::TrainerOptions trainer;
  bert::PretrainingOptions data;

  // The text and its vocabulary.
  std::vector<std::filesystem::path> texts, held_out;
  std::filesystem::path out, vocab, from;
  double held_out_fraction = 0.05;
  int64_t vocab_size = 8000, alphabet = 0, block_sentences = 0;
  int64_t map_above = 256;  // megabytes of text
  TokenizerRules rules;

  // The model; a number of 0 is as --size or another number makes it.
  std::string size = "tiny", activation = "gelu";
  int64_t layers = 0, hidden = 0, heads = 0, intermediate = 0, positions = 0;
  double dropout = 0, init_std = 0.05;
  bool no_sinusoids = false, output_from_value = false;
  bert::Variant variant;

  // What `trainer` and `data` hold in another form: see settle().
  std::string lengths = "64", decay = "linear";
  int64_t seed = 1;

  int64_t threads = 0, samples = 4;
  double stall_minutes = 10;
  int64_t workers = 1;
  bool resume = false, json = false;

  std::set<std::string> given;  ///< the options that were said, as "--steps"
  bool said(const std::string& option) const { return given.contains(option); }
};

/// Declares the options on `command`, each of which sets a member of `call`.
void add_options(CLI::App& command, PretrainCall& call);

/// Fills in what of `trainer` and `data` has another form on the command line.
/// @throws WrongCall when --length has not its form.
void settle(PretrainCall& call);

}  // namespace gradus::app
