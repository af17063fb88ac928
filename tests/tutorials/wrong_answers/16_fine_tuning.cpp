// What readers may answer in chapter 16, wrong and right.
#include "tutorials/16_fine_tuning/exercise.hpp"

#include "tests/tutorials/wrong_answers/answers.hpp"

#define first_piece_labels right_first_piece_labels
#define answer_slots right_answer_slots
#define freeze_first right_freeze_first
#include "tutorials/16_fine_tuning/solution.cpp"
#undef first_piece_labels
#undef answer_slots
#undef freeze_first

namespace gradus::tutorials::fine_tuning {
namespace {

using Numbers = std::vector<int64_t>;
using Scores = std::vector<double>;

/// Every word's tag at its first piece, and `rest` (or the tag again) at the others.
Numbers spread(const Numbers& pieces, const Numbers& tags, int64_t slots, bool again, int64_t rest) {
  Numbers labels(static_cast<size_t>(slots), -100);
  int64_t slot = 1;
  for (size_t word = 0; word < pieces.size(); ++word) {
    for (int64_t i = 0; i < pieces[word]; ++i, ++slot)
      labels[static_cast<size_t>(slot)] = i == 0 || again ? tags[word] : rest;
  }
  return labels;
}

const Answers<decltype(first_piece_labels)> labelled(
    1, right_first_piece_labels,
    {{"the tag at every piece", "not the tag again",
      [](const Numbers& pieces, const Numbers& tags, int64_t slots) {
        return spread(pieces, tags, slots, true, -100);
      }},
     {"0 at the other pieces", "not 0, which is a tag, too",
      [](const Numbers& pieces, const Numbers& tags, int64_t slots) {
        return spread(pieces, tags, slots, false, 0);
      }},
     {"[CLS] forgotten", "the first word is at 1",
      [](const Numbers& pieces, const Numbers& tags, int64_t slots) {
        Numbers labels = right_first_piece_labels(pieces, tags, slots + 1);
        labels.erase(labels.begin());
        return labels;
      }},
     {"0 everywhere else", "they are no words, and have -100",
      [](const Numbers& pieces, const Numbers& tags, int64_t slots) {
        Numbers labels = right_first_piece_labels(pieces, tags, slots);
        for (int64_t& label : labels) label = label == -100 ? 0 : label;
        return labels;
      }},
     {"the last piece", "the first of its pieces",
      [](const Numbers& pieces, const Numbers& tags, int64_t slots) {
        Numbers labels(static_cast<size_t>(slots), -100);
        int64_t slot = 1;
        for (size_t word = 0; word < pieces.size(); ++word) {
          slot += pieces[word];
          if (pieces[word] > 0) labels[static_cast<size_t>(slot - 1)] = tags[word];
        }
        return labels;
      }},
     {"no label for padding", "there is a label for each slot",
      [](const Numbers& pieces, const Numbers& tags, int64_t slots) {
        int64_t used = 2;
        for (const int64_t count : pieces) used += count;
        return right_first_piece_labels(pieces, tags, std::min(used, slots));
      }},
     {"padding is O", "padding is asked nothing",
      [](const Numbers& pieces, const Numbers& tags, int64_t slots) {
        Numbers labels = right_first_piece_labels(pieces, tags, slots);
        size_t used = 2;
        for (const int64_t count : pieces) used += static_cast<size_t>(count);
        for (size_t i = used; i < labels.size(); ++i) labels[i] = 0;
        return labels;
      }},
     {"a word of no piece writes its tag", "the slot behind the last piece is that of [SEP]",
      [](const Numbers& pieces, const Numbers& tags, int64_t slots) {
        Numbers labels(static_cast<size_t>(slots), -100);
        int64_t slot = 1;
        for (size_t word = 0; word < pieces.size(); ++word) {
          labels[static_cast<size_t>(slot)] = tags[word];
          slot += pieces[word];
        }
        return labels;
      }},
     {"a word of no piece takes a slot", "a word without a piece has no slot",
      [](const Numbers& pieces, const Numbers& tags, int64_t slots) {
        Numbers counts = pieces;
        for (int64_t& count : counts) count = std::max<int64_t>(count, 1);
        Numbers labels = right_first_piece_labels(counts, tags, slots + 1);
        labels.pop_back();
        return labels;
      }},
     {"piece by piece", accepted, [](const Numbers& pieces, const Numbers& tags, int64_t slots) {
        Numbers labels = {-100};
        for (size_t word = 0; word < pieces.size(); ++word) {
          for (int64_t i = 0; i < pieces[word]; ++i) labels.push_back(i == 0 ? tags[word] : -100);
        }
        labels.resize(static_cast<size_t>(slots), -100);
        return labels;
      }}});

int64_t best_at(const Scores& scores, int64_t begin, int64_t end) {
  return std::max_element(scores.begin() + begin, scores.begin() + end) - scores.begin();
}
double of(const Scores& scores, int64_t i) { return scores[static_cast<size_t>(i)]; }

/// The answer, where `span` is what a context has to offer.
AnswerSlots or_none(const Scores& start, const Scores& end, AnswerSlots span, double threshold) {
  return start[0] + end[0] > of(start, span.first) + of(end, span.last) + threshold ? AnswerSlots{} : span;
}

const Answers<decltype(answer_slots)> spans(
    2, right_answer_slots,
    {{"the best start and the best end", "may cross",
      [](const Scores& start, const Scores& end, int64_t begin, int64_t, double threshold) {
        const auto all = static_cast<int64_t>(start.size());
        return or_none(start, end, {best_at(start, begin, all), best_at(end, begin, all)}, threshold);
      }},
     {"exchanged where they cross", "may cross",
      [](const Scores& start, const Scores& end, int64_t begin, int64_t, double threshold) {
        const auto all = static_cast<int64_t>(start.size());
        const int64_t first = best_at(start, begin, all), last = best_at(end, begin, all);
        return or_none(start, end, {std::min(first, last), std::max(first, last)}, threshold);
      }},
     {"the best start, then the best end for it", "the best start is not always a part of the best span",
      [](const Scores& start, const Scores& end, int64_t begin, int64_t longest, double threshold) {
        const auto all = static_cast<int64_t>(start.size());
        const int64_t first = best_at(start, begin, all);
        return or_none(start, end, {first, best_at(end, first, std::min(first + longest, all))}, threshold);
      }},
     {"products", "the two scores are added",
      [](const Scores& start, const Scores& end, int64_t begin, int64_t longest, double threshold) {
        AnswerSlots best{begin, begin};
        for (int64_t i = begin; i < std::ssize(start); ++i) {
          for (int64_t j = i; j < std::min(i + longest, std::ssize(end)); ++j) {
            if (of(start, i) * of(end, j) > of(start, best.first) * of(end, best.last)) best = {i, j};
          }
        }
        return or_none(start, end, best, threshold);
      }},
     {"the best begins at 0", "scores may be below 0",
      [](const Scores& start, const Scores& end, int64_t begin, int64_t longest, double threshold) {
        AnswerSlots best{begin, begin};
        double most = 0;
        for (int64_t i = begin; i < std::ssize(start); ++i) {
          for (int64_t j = i; j < std::min(i + longest, std::ssize(end)); ++j) {
            if (of(start, i) + of(end, j) > most) best = {i, j}, most = of(start, i) + of(end, j);
          }
        }
        return or_none(start, end, best, threshold);
      }},
     {"one slot too short", "five are allowed",
      [](const Scores& start, const Scores& end, int64_t begin, int64_t longest, double threshold) {
        return right_answer_slots(start, end, begin, std::max<int64_t>(longest - 1, 1), threshold);
      }},
     {"one slot too long", "and a span may have four",
      [](const Scores& start, const Scores& end, int64_t begin, int64_t longest, double threshold) {
        return right_answer_slots(start, end, begin, longest + 1, threshold);
      }},
     {"answers from the question", "is the question, and never an answer",
      [](const Scores& start, const Scores& end, int64_t, int64_t longest, double threshold) {
        return right_answer_slots(start, end, 1, longest, threshold);
      }},
     {"always an answer", "no answer, (0, 0)",
      [](const Scores& start, const Scores& end, int64_t begin, int64_t longest, double) {
        return right_answer_slots(start, end, begin, longest, 1e9);
      }},
     {"the threshold forgotten", "more than `threshold` above",
      [](const Scores& start, const Scores& end, int64_t begin, int64_t longest, double) {
        return right_answer_slots(start, end, begin, longest, 0);
      }},
     {"as much as the threshold is enough", "not as much",
      [](const Scores& start, const Scores& end, int64_t begin, int64_t longest, double threshold) {
        return right_answer_slots(start, end, begin, longest, threshold - 1e-9);
      }},
     {"the last slot first", accepted,
      [](const Scores& start, const Scores& end, int64_t begin, int64_t longest, double threshold) {
        AnswerSlots best{begin, begin};
        for (int64_t last = std::ssize(end) - 1; last >= begin; --last) {
          for (int64_t first = last; first >= std::max(begin, last - longest + 1); --first) {
            if (of(start, first) + of(end, last) > of(start, best.first) + of(end, best.last))
              best = {first, last};
          }
        }
        return or_none(start, end, best, threshold);
      }}});

/// Freezes what `stays`; returns the numbers that move.
template <class Stays>
int64_t freeze_what(const nn::Module& model, const Stays& stays) {
  int64_t moving = 0;
  for (const auto& [name, parameter] : model.named_parameters()) {
    if (stays(name)) {
      Tensor(parameter).requires_grad(false);
    } else {
      moving += parameter.numel();
    }
  }
  return moving;
}
bool in_first(const std::string& name, int64_t layers) {
  for (int64_t i = 0; i < layers; ++i) {
    if (name.starts_with("bert.encoder.layer." + std::to_string(i) + ".")) return true;
  }
  return false;
}

const Answers<decltype(freeze_first)> frozen(
    3, right_freeze_first,
    {{"layer 1 is the beginning of layer 11", "is the beginning of",
      [](const nn::Module& model, int64_t layers) {
        return freeze_what(model, [&](const std::string& name) {
          for (int64_t i = 0; i < layers; ++i) {
            if (name.starts_with("bert.encoder.layer." + std::to_string(i))) return true;
          }
          return name.starts_with("bert.embeddings.");
        });
      }},
     {"the embeddings move", "the embeddings are frozen whatever",
      [](const nn::Module& model, int64_t layers) {
        return freeze_what(model, [&](const std::string& name) { return in_first(name, layers); });
      }},
     {"embeddings only with a layer", "the embeddings are frozen whatever",
      [](const nn::Module& model, int64_t layers) {
        return layers == 0 ? model.num_parameters() : right_freeze_first(model, layers);
      }},
     {"one layer too many", "layers from number `layers` on",
      [](const nn::Module& model, int64_t layers) { return right_freeze_first(model, layers + 1); }},
     {"one layer too few", "layers 0 to `layers` - 1",
      [](const nn::Module& model, int64_t layers) {
        return right_freeze_first(model, std::max<int64_t>(layers - 1, 0));
      }},
     {"all of the body, and its pooler", "the pooler and the classifier move",
      [](const nn::Module& model, int64_t) {
        return freeze_what(model, [](const std::string& name) { return name.starts_with("bert."); });
      }},
     {"tensors counted", "count the numbers of each tensor",
      [](const nn::Module& model, int64_t layers) {
        right_freeze_first(model, layers);
        int64_t moving = 0;
        for (const auto& [name, parameter] : model.named_parameters()) moving += parameter.needs_grad();
        return moving;
      }},
     {"the frozen counted", "not those that are",
      [](const nn::Module& model, int64_t layers) {
        return model.num_parameters() - right_freeze_first(model, layers);
      }},
     {"counted, and nothing frozen", "requires_grad(false) acts on the tensor itself",
      [](const nn::Module& model, int64_t layers) {
        int64_t moving = 0;
        for (const auto& [name, parameter] : model.named_parameters()) {
          if (!name.starts_with("bert.embeddings.") && !in_first(name, layers)) moving += parameter.numel();
        }
        return moving;
      }},
     {"by the number in the name", accepted, [](const nn::Module& model, int64_t layers) {
        return freeze_what(model, [&](const std::string& name) {
          const size_t at = name.find("layer.");
          return at == std::string::npos ? name.find("embeddings") != std::string::npos
                                         : std::stoll(name.substr(at + 6)) < layers;
        });
      }}});

}  // namespace

Numbers first_piece_labels(const Numbers& pieces, const Numbers& tags, int64_t slots) {
  return labelled(pieces, tags, slots);
}
AnswerSlots answer_slots(const Scores& start, const Scores& end, int64_t begin, int64_t longest,
                         double threshold) {
  return spans(start, end, begin, longest, threshold);
}
int64_t freeze_first(const nn::Module& model, int64_t layers) { return frozen(model, layers); }

}  // namespace gradus::tutorials::fine_tuning
