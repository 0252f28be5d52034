package sql

// Industries returns the industries that an app can name to be compared with,
// sorted. Not every one has figures: games and finance kinds fall back to their
// parent, all others to the figures for all categories, each with a note. Four
// kinds of games are groups that a publisher prints together: their figures
// are met by who chooses just that group.
func Industries() []string {
	return []string{
		"all", "books_reference", "business", "dating", "education", "entertainment", "finance", "finance_banking",
		"finance_crypto", "finance_investing", "finance_payments", "fmcg", "food_delivery", "food_drink", "games",
		"games_board_card_casino_word", "games_card_casino_word", "games_casino_card_multiplayer_rpg", "games_casual", "games_hypercasual",
		"games_multiplayer", "games_sports", "games_word_card", "health_fitness", "health_mental", "lifestyle", "media_entertainment", "messaging", "music", "news", "productivity", "ride_hailing", "shopping",
		"social", "sports", "technology", "telecom", "travel", "utilities", "video_streaming", "weather",
	}
}
