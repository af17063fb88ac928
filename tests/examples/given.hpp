// What the examples in headers take as given, a section for each header; check puts it in front of them.
// Nothing of it is ever linked, so declarations do.
#include <fmt/ranges.h>

#include <cmath>
#include <cstdio>
#include <map>
#include <string>

#include "autograd/autograd.hpp"
#include "autograd/file.hpp"
#include "autograd/kernels/optimizer.hpp"
#include "bert/bert.hpp"
#include "nn/nn.hpp"
#include "plot/plot.hpp"

// == autograd/dtype.hpp
extern Tensor x;
extern const int64_t n;

// == autograd/gradcheck.hpp
extern const Tensor a, b;

// == autograd/kernels/measure/profile.hpp
void step();

// == autograd/kernels/measure/profile_listener.hpp
extern std::map<std::string, double> seconds;
void step();

// == autograd/node.hpp
Tensor product_of_elements(const Tensor& a, const Tensor& b);

// == bert/checkpoint/checkpoint.hpp
extern const BertForPreTraining model;
extern const Tokenizer tokenizer;

// == bert/cost/step_cost.hpp
extern const Config config;

// == bert/metrics/bootstrap.hpp
extern const std::vector<double> right;

// == bert/model/heads.hpp
extern const Config config;
extern Rng rng;
extern const PretrainingData data;
extern const EpochPlan epoch;

// == bert/tasks/answering.hpp
extern const BertForQuestionAnswering model;
extern const Tokenizer tokenizer;

// == bert/tasks/finetuning.hpp
extern const Loaded<BertForSequenceClassification> start;
extern const Tokenizer tokenizer;
extern const LabelledTexts training, validation;

// == bert/tasks/task_files.hpp
extern const Tokenizer tokenizer;

// == nn/optimizers/arena.hpp
extern const Linear model;
extern const Tensor w, b;

// == nn/attention/attention_mask.hpp
extern const MultiHeadAttention attention;
extern const Tensor x;

// == nn/attention/attention_score.hpp
extern Rng rng;
extern const Tensor queries, keys;

// == nn/transformer/decoder.hpp
extern const Decoder decoder;
extern const Tensor x, memory;
extern Tensor y;

// == nn/transformer/decoding.hpp
extern const Transformer model;
extern const Tensor source;

// == nn/gradcheck.hpp
extern Rng rng;
extern const Tensor x;

// == nn/module.hpp
extern const Transformer model;

// == nn/optimizers/optimizer.hpp
extern const Transformer model;
extern const Tensor batch;
extern const int64_t steps;
extern const Schedule schedule;
Tensor loss(const Transformer& model, const Tensor& batch);

// == nn/recompute.hpp
extern const EncoderLayer layer;
extern const AttentionMask mask;
extern const Tensor x;

// == nn/safetensors.hpp
extern const std::filesystem::path path;
extern const std::vector<TensorEntry> entries;
extern const StateDict state;

// == nn/transformer/residual.hpp
extern const int64_t H;
extern const Tensor x;
extern Tensor y;
extern const FeedForward feed_forward;

// == nn/attention/single_head.hpp
extern const Tensor x, memory;

// == nn/transformer/transformer.hpp
extern Rng rng;
extern const Tensor source, target;

// == plot/plot.hpp
extern const Tensor weights;

// == tutorials/support/check.hpp
Strides permuted_strides(const Strides& strides, const Axes& order);

// == tutorials/support/kit.hpp
extern const Tensor q, k;
extern const plot::HeatMap map;
double dot(const Tensor& a, const Tensor& b);
