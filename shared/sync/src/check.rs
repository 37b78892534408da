//! The very calls that a sync will make, each with what is wrong and who must mend it.
