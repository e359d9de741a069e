import { bearsFaults } from '../../azure/faults-story.ts';

bearsFaults('Premium', { plan: 'premium' });
