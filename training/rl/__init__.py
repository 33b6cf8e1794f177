"""Reinforcement learning: prompts, rollouts, tools, and what the policy methods share."""
