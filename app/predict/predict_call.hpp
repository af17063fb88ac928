/// @file
/// What `gradus predict` can be told, and what it makes of each task.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "bert/tasks/text_rows.hpp"

namespace gradus::app {

struct PredictCall {
  std::filesystem::path model, file;
  std::string text, pair, pronoun;
  bool score = false;
  std::string by, together;  ///< columns of the file
  std::string long_texts = "head";
  bert::FitOptions fit;
  double threshold = 0;
  bool iob1 = false;
  int64_t threads = 0;
  bool said_length = false, said_threshold = false, said_cut = false, json = false;
};

/// Labels or numbers of texts and pairs. @throws as the files; WrongCall for options that do not fit them.
void predict_texts(const PredictCall& call);

/// Whom a pronoun means, by the MLM head of a pretraining model. @throws likewise.
void predict_pronouns(const PredictCall& call);

/// Tags of words, and answers to questions. @throws likewise.
void predict_tags(const PredictCall& call);
void predict_answers(const PredictCall& call);

/// The same for other tasks. @throws likewise.
void predict_choices(const PredictCall& call);

}  // namespace gradus::app
