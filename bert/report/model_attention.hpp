/// @file
/// The attention of a model for one input, as the page of it wants it.
#pragma once

#include <string>
#include <vector>

#include "bert/model/model.hpp"
#include "bert/report/attention_page.hpp"
#include "bert/tokenizer/tokenizer.hpp"

namespace gradus::bert {

/// Tokens, segments (where there are two) and the weights of every head for `encoding`, of S tokens. The
/// model's mode is put back. @throws IndexError for a text that is longer than the model has positions.
AttentionPage model_attention(const Bert& model, const Encoding& encoding);

}  // namespace gradus::bert
