#!/usr/bin/env Rscript
# Growth of a measure over age, between groups: a mixed model (Bates, Maechler, Bolker & Walker 2015) of what
# infans-export wrote. growth.py is the same model with statsmodels.
#
#   infans-export runs/body_map-1
#   Rscript experiments/analyses/growth.R runs/body_map-1/csv/trials_reach.csv error
#
# Prints the fixed effects as CSV: term, estimate, std_error. The natural logarithm of the measure grows linearly with
# age in weeks from the first test on; every participant has its own level. Excluded participants are left out.

suppressPackageStartupMessages(library(lme4))

given <- commandArgs(trailingOnly = TRUE)
if (length(given) != 2) stop("usage: Rscript growth.R TRIALS.csv MEASURE")
trials <- read.csv(given[1], stringsAsFactors = FALSE)
if (!given[2] %in% names(trials)) stop("no measure '", given[2], "'; there is: ", paste(names(trials), collapse = ", "))

trials <- subset(trials, is.na(excluded) | excluded == "")
trials$measure <- log(trials[[given[2]]])
trials <- subset(trials, is.finite(measure))
trials$weeks <- (trials$age_days - min(trials$age_days)) / 7
trials$group <- factor(trials$group)

several <- nlevels(trials$group) > 1
formula <- if (several) measure ~ group * weeks + (1 | participant) else measure ~ weeks + (1 | participant)
model <- lmer(formula, data = trials, REML = TRUE)

effects <- coef(summary(model))
table <- data.frame(term = rownames(effects), estimate = effects[, "Estimate"], std_error = effects[, "Std. Error"])
table[-1] <- lapply(table[-1], format, digits = 10, trim = TRUE)
write.csv(table, stdout(), row.names = FALSE, quote = FALSE)
