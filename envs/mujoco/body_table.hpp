// The options of a body as a life's file has them, and what they mean: every field of body.hpp, declared once.
#pragma once

#include "core/config/option.hpp"
#include "envs/mujoco/body.hpp"

namespace infans::envs {

// "body.keyframe", ..., the lists of tables "body.proprioception", "body.sensor", "body.skin", "body.vestibular",
// "body.retina", "body.effect", "body.word", "body.motor", and "world.control_period", "world.reset_std".
// In an entry of a list the fields of its channel stand among its own: "body.skin.delay".
config::OptionTable body_table();

// What these options, among any others, say. Entries remember where they were written.
// Throws base::OptionError for an entry that lacks what has no default (the eye of a retina).
BodyOptions body_options(const config::Options& options);

// Every field of every entry by the same ranges, for options that no table gave. Throws base::OptionError whose key is
// that of the modality, "skin.density".
void check_body(const BodyOptions& options);

// Whether all but the options of "world" have their defaults: joints and actuators are the whole body.
bool is_bare(const config::Options& options);

}  // namespace infans::envs
