/// @file
/// What `gradus probe` can be told, and its five kinds.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

namespace gradus::app {

struct ProbeCall {
  std::string what = "texts";
  std::filesystem::path model, train, test, svg;
  std::string text, pair, label, pronoun = "it", of = "tags";
  int64_t steps = 32;
  bool force = false, json = false;
};

/// What can be read off the texts' vectors of each layer by a straight line.
void probe_texts(const ProbeCall& call);
/// What can be read off the vectors of words, beside a control task.
void probe_words(const ProbeCall& call);
/// What is lost without each head.
void probe_heads(const ProbeCall& call);
/// Which head finds whom a pronoun means.
void probe_antecedents(const ProbeCall& call);
/// Which tokens made a classifier say what it says.
void probe_tokens(const ProbeCall& call);

}  // namespace gradus::app
