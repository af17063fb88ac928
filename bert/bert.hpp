/// @file
/// All of gradus::bert in one include. In the order of a run: text, vocabulary, tokenizer, corpus,
/// pretraining data, model, trainer, evaluation, checkpoint folder, use.
#pragma once

#include "bert/attention_page.hpp"
#include "bert/baselines.hpp"
#include "bert/checkpoint.hpp"
#include "bert/config.hpp"
#include "bert/corpus.hpp"
#include "bert/evaluation.hpp"
#include "bert/fill_mask.hpp"
#include "bert/heads.hpp"
#include "bert/masked_passage.hpp"
#include "bert/model.hpp"
#include "bert/pretraining_data.hpp"
#include "bert/report.hpp"
#include "bert/tokenizer_files.hpp"
#include "bert/toy_world.hpp"
#include "bert/trainer.hpp"
#include "bert/wordpiece.hpp"
#include "bert/wordpiece_trainer.hpp"
