/// @file
/// All of gradus::bert in one include. In the order of a run: text, vocabulary, tokenizer, corpus,
/// pretraining data, model, trainer, evaluation, checkpoint folder, use.
#pragma once

#include "bert/checkpoint/checkpoint.hpp"
#include "bert/checkpoint/compare.hpp"
#include "bert/data/corpus.hpp"
#include "bert/data/pretraining_data.hpp"
#include "bert/data/token_file.hpp"
#include "bert/evaluation/baselines.hpp"
#include "bert/evaluation/evaluation.hpp"
#include "bert/evaluation/features.hpp"
#include "bert/evaluation/fill_mask.hpp"
#include "bert/evaluation/masked_passage.hpp"
#include "bert/model/config.hpp"
#include "bert/model/heads.hpp"
#include "bert/model/model.hpp"
#include "bert/report/attention_page.hpp"
#include "bert/report/model_attention.hpp"
#include "bert/report/report.hpp"
#include "bert/tokenizer/coverage.hpp"
#include "bert/tokenizer/tokenizer.hpp"
#include "bert/tokenizer/tokenizer_files.hpp"
#include "bert/tokenizer/wordpiece_trainer.hpp"
#include "bert/toy_world/tasks.hpp"
#include "bert/toy_world/toy_world.hpp"
#include "bert/training/trainer.hpp"
